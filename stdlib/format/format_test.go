package format

import (
	"encoding/binary"
	"fmt"
	"testing"

	"sonde/lang/types"
)

// arg is a value of a type.
type arg struct {
	t types.Type
	v any
}

func i64(v int64) arg   { return arg{types.Int64, v} }
func str(s string) arg  { return arg{types.String{N: 16}, s} }
func buf(b ...byte) arg { return arg{types.Buffer{N: 8}, b} }

var colour = &types.Enum{Name: "colour", Int: types.Uint32, Values: []types.EnumValue{{Name: "RED", Value: 1}}}

// payload lays the values out as programs do.
func payload(args []arg) ([]types.Type, []byte) {
	tuple := &types.Tuple{}
	for _, a := range args {
		tuple.Elems = append(tuple.Elems, a.t)
	}
	raw := make([]byte, tuple.Size())
	for i, a := range args {
		at := raw[tuple.Offset(i):]
		switch v := a.v.(type) {
		case int64:
			for b := range a.t.Size() {
				at[b] = byte(v >> (8 * b)) // little endian, as all machines that run tests
			}
		case string:
			copy(at, v)
		case []byte:
			binary.NativeEndian.PutUint32(at, uint32(len(v)))
			copy(at[4:], v)
		}
	}
	return tuple.Elems, raw
}

func TestRender(t *testing.T) {
	const big = 0x12345678abcdef
	for _, c := range []struct {
		format string
		args   []arg
		want   string
	}{
		{"no conversions, 100%", nil, "no conversions, 100%"},
		{"%d%% of %q", []arg{i64(5)}, "5% of %q"},
		{"[%d|%5d|%-5d|%05d|%+d|% d]", []arg{i64(1), i64(2), i64(3), i64(4), i64(5), i64(6)}, "[1|    2|3    |00004|+5| 6]"},
		{"[%d|%5d|%-5d|%05d|%+d]", []arg{i64(-1), i64(-2), i64(-3), i64(-4), i64(-5)}, "[-1|   -2|-3   |-0004|-5]"},
		{"%.3d %8.3d %-8.3d| %08.3d", []arg{i64(7), i64(-7), i64(-7), i64(7)}, "007     -007 -007    |      007"},
		{"%hhx %hx %x %lx %llx %jx %zx %tx", []arg{i64(big), i64(big), i64(big), i64(big), i64(big), i64(big), i64(big), i64(big)},
			"ef cdef 78abcdef 12345678abcdef 12345678abcdef 12345678abcdef 12345678abcdef 12345678abcdef"},
		{"%hhd %hd %d %ld", []arg{i64(-1), i64(-1), i64(1 << 31), i64(1 << 31)}, "-1 -1 -2147483648 2147483648"},
		{"%u %lu %hhu", []arg{i64(-1), i64(-1), i64(-1)}, "4294967295 18446744073709551615 255"},
		{"%o %#o %x %#x %X %#X %#x", []arg{i64(8), i64(8), i64(255), i64(255), i64(255), i64(255), i64(0)}, "10 010 ff 0xff FF 0XFF 0"},
		{"%04x %#06x %#6x", []arg{i64(2), i64(2), i64(2)}, "0002 0x0002    0x2"},
		{"%p %p %8p|", []arg{{types.Pointer{Elem: types.Void{}}, int64(0xffff888000000000 - 1<<64)}, i64(0), i64(16)}, "0xffff888000000000 0     0x10|"},
		{"%c%c%3c|%-3c|", []arg{i64('a'), i64('b'), i64('c'), i64('d')}, "ab  c|d  |"},
		{"%s|%5s|%-5s|%.2s|%2s", []arg{str("abc"), str("abc"), str("abc"), str("abc"), str("abc")}, "abc|  abc|abc  |ab|abc"},
		{"%*d|%-*d|%.*s|%*s|", []arg{i64(4), i64(1), i64(4), i64(2), i64(2), str("abc"), i64(-5), str("x")}, "   1|2   |ab|x    |"},
		{"%*d|%-*s|", []arg{i64(4), str("a")}, "4|a|"}, // stars without arguments do nothing
		{"%s %d %x", []arg{{colour, int64(1)}, {colour, int64(1)}, {colour, int64(255)}}, "RED 1 ff"},
		{"%s %5s|%-5s|", []arg{{colour, int64(7)}, {colour, int64(1)}, {colour, int64(1)}}, "7   RED|RED  |"},
		{"%s %d", []arg{{types.Bool{}, int64(1)}, {types.Bool{}, int64(1)}}, "true 1"},
		{"%s %s", []arg{{types.Uint8, int64(200)}, {types.Int8, int64(-56)}}, "200 -56"},
		{"%d %u %d", []arg{{types.Int8, int64(-1)}, {types.Int8, int64(-1)}, {types.Uint8, int64(255)}}, "-1 4294967295 255"},
		{"%r|%rx|%rh|%8r|", []arg{buf('a', 0, 0xff), buf('a', 0, 0xff), buf('a', 0, 0xff), buf('a')}, `a\x00\xff|\x61\x00\xff|61 00 ff|       a|`},
		{"%gr %gr %gr %gr %gr", []arg{i64(0), i64(0xcc0), i64(0x820), i64(0xc0), i64(1 << 40)},
			"0 GFP_KERNEL GFP_ATOMIC __GFP_IO|__GFP_FS 0x10000000000"},
		{"%gr %gr %gr", []arg{i64(0x21c24ca), i64(0x2100cca), i64(0x400cc0)}, "GFP_TRANSHUGE GFP_HIGHUSER_MOVABLE GFP_KERNEL_ACCOUNT"},
		{"%s", []arg{str("sixteen bytes !!")}, "sixteen bytes !!.."}, // cut, so there is no NUL
	} {
		elems, raw := payload(c.args)
		f, err := Parse(c.format).Bind(elems)
		if err != nil {
			t.Errorf("%q: %v", c.format, err)
			continue
		}
		if got := string(f.Append([]byte("<"), raw, nil)); got != "<"+c.want {
			t.Errorf("%q:\n got %q\nwant %q", c.format, got[1:], c.want)
		}
	}
}

func TestBindErrors(t *testing.T) {
	for _, c := range []struct {
		format string
		args   []arg
		want   string
	}{
		{"%d", nil, "not enough arguments for format string (0 supplied, 1 expected)"},
		{"%d", []arg{i64(1), i64(2)}, "too many arguments for format string (2 supplied, 1 expected)"},
		{"%*d %d", []arg{i64(1)}, "not enough arguments for format string (1 supplied, 3 expected)"},
		{"%f", []arg{i64(1)}, "unsupported format specifier: f"},
		{"%d", []arg{str("x")}, "unsupported format specifier for type 'string[16]': d"},
		{"%x", []arg{buf(1)}, "unsupported format specifier for type 'buffer[8]': x"},
		{"%r", []arg{i64(1)}, "unsupported format specifier for type 'int64': r"},
		{"%*d", []arg{str("x"), i64(1)}, "width and precision of a format must be integers, not 'string[16]'"},
	} {
		elems, _ := payload(c.args)
		_, err := Parse(c.format).Bind(elems)
		if fmt.Sprint(err) != c.want {
			t.Errorf("%q: %v, want %s", c.format, err, c.want)
		}
	}
}

func TestShortPayload(t *testing.T) {
	elems, raw := payload([]arg{i64(1), str("abc"), buf(1, 2)})
	f, err := Parse("%d %s %r").Bind(elems)
	if err != nil {
		t.Fatal(err)
	}
	for n := range raw {
		f.Append(nil, raw[:n:n], nil)
	}
}

func FuzzFormat(f *testing.F) {
	f.Add("%-5d %s %r", int64(5), "text")
	f.Fuzz(func(t *testing.T, s string, n int64, text string) {
		args := []arg{i64(n), str(text), buf(1, 2, 3), i64(n)}
		for k := range len(args) + 1 {
			elems, raw := payload(args[:k])
			if bound, err := Parse(s).Bind(elems); err == nil {
				bound.Append(nil, raw, nil)
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	elems, raw := payload([]arg{i64(1234), str("bash"), i64(-3), {types.String{N: 64}, "/etc/ld.so.cache"}})
	f, err := Parse("%-6d %-16s %4d %s\n").Bind(elems)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var dst []byte
	for b.Loop() {
		dst = f.Append(dst[:0], raw, nil)
	}
}
