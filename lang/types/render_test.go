package types

import (
	"encoding/binary"
	"encoding/json"
	"testing"
)

// Every type of the language proper can be shown.
var _ = []Renderer{
	Void{}, Int{}, Bool{}, String{}, Buffer{}, Pointer{}, Array{},
	&Tuple{}, &Record{}, &Struct{}, &Enum{},
}

type testEnv struct {
	escape  bool
	trailer string
}

func (e testEnv) Service(key any) any {
	switch key.(type) {
	case *Terminal:
		return e
	case *Strings:
		if e.trailer != "" {
			return e
		}
	}
	return nil
}

func (e testEnv) Escape() bool    { return e.escape }
func (e testEnv) Trailer() string { return e.trailer }

// le writes numbers of 1, 2, 4 and 8 bytes one after the other, as they lie in
// memory, and strings as they are.
func le(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			b = append(b, p...)
		case int: // padding
			b = append(b, make([]byte, p)...)
		case []byte:
			b = append(b, p...)
		default:
			b, _ = binary.Append(b, binary.NativeEndian, p)
		}
	}
	return b
}

var (
	point = NewStruct("struct", "point", 8, func() []Field {
		return []Field{{Name: "x", Type: Int32}, {Name: "y", Type: Int32, Offset: 4}}
	})
	nested = NewStruct("struct", "nested", 32, func() []Field {
		inner := NewStruct("union", "", 8, func() []Field {
			return []Field{{Name: "word", Type: Uint64}, {Name: "byte", Type: Uint8}}
		})
		return []Field{
			{Name: "name", Type: String{8}},
			{Type: inner, Offset: 8, Anonymous: true},
			{Name: "p", Type: point, Offset: 16},
			{Name: "low", Type: Uint32, Offset: 24, BitSize: 3},
			{Name: "mid", Type: Int32, Offset: 24, BitOffset: 3, BitSize: 5},
			{Name: "f", Type: Void{}, Offset: 28},
		}
	})
	colour = &Enum{Name: "colour", Int: Uint32, Values: []EnumValue{{"RED", 1}, {"GREEN", 2}, {"LIME", 2}}}
	errno  = &Enum{Name: "errno", Int: Int32, Values: []EnumValue{{"EPERM", -1}}}
)

func TestRender(t *testing.T) {
	tests := []struct {
		typ        Renderer
		raw        []byte
		text, json string
	}{
		{Void{}, nil, "null", "null"},
		{Int8, le(int8(-3)), "-3", "-3"},
		{Uint8, le(int8(-3)), "253", "253"},
		{Int16, le(int16(-300)), "-300", "-300"},
		{Uint16, le(uint16(65535)), "65535", "65535"},
		{Int32, le(int32(-7)), "-7", "-7"},
		{Uint32, le(int32(-7)), "4294967289", "4294967289"},
		{Int64, le(int64(-1)), "-1", "-1"},
		{Uint64, le(int64(-1)), "18446744073709551615", `"18446744073709551615"`},
		{Uint64, le(uint64(1) << 63), "9223372036854775808", "9223372036854775808"},
		{Uint64, le(uint64(1)<<53 + 1), "9007199254740993", `"9007199254740993"`},
		{Int64, le(int64(1)<<53 + 2), "9007199254740994", "9007199254740994"},
		{Int64, le(int64(1<<63 - 1)), "9223372036854775807", `"9223372036854775807"`},
		{Int64, le(int64(-1 << 63)), "-9223372036854775808", "-9223372036854775808"},
		{Bool{}, le(uint8(1)), "true", "true"},
		{Bool{}, le(uint8(0)), "false", "false"},
		{Pointer{Elem: Void{}}, le(uint64(0xffff888000001234)), "0xffff888000001234", `"18446612682070037044"`},
		{Pointer{Elem: Int16}, le(uint64(0x32)), "0x32", "50"},
		{String{8}, le("hi\x00junk\x00"), "hi", `"hi"`},
		{String{8}, le(8), "", `""`},
		{String{4}, le("full"), "full..", `"full.."`},
		{String{16}, le("a\"b\\\n\x01\x1b[0mé\xff", 4), "a\"b\\\n\x01\x1b[0mé\xff", `"a\"b\\\n\u0001\u001b[0mé` + "\ufffd" + `"`},
		{Buffer{4}, le(uint32(3), "a\\\xff\x00"), `a\\xff`, "[97,92,-1]"},
		{Buffer{4}, le(uint32(99), "abcd"), "abcd", "[97,98,99,100]"},
		{Array{Int32, 3}, le(int32(1), int32(-2), int32(3)), "[1,-2,3]", "[1,-2,3]"},
		{Array{Array{Uint8, 2}, 2}, le("\x05\x06\x07\x08"), "[[5,6],[7,8]]", "[[5,6],[7,8]]"},
		{Array{Int32, 0}, nil, "[]", "[]"},
		{&Tuple{[]Type{Int8, Int64, String{4}}}, le(int8(1), 7, int64(-2), "str\x00", 4), "(1, -2, str)", `[1,-2,"str"]`},
		{&Tuple{[]Type{Int64, &Tuple{[]Type{Int32, Int32}}}}, le(int64(1), int32(4), int32(5)), "(1, (4, 5))", "[1,[4,5]]"},
		{&Record{[]string{"a", "b"}, []Type{Int64, String{4}}}, le(int64(0), "str\x00", 4), "{ .a = 0, .b = str }", `{"a": 0, "b": "str"}`},
		{point, le(int32(2), int32(3)), "{ .x = 2, .y = 3 }", `{"x": 2, "y": 3}`},
		{nested, le("sda\x00", 4, uint64(0x102), int32(2), int32(3), uint32(0b11110_101), 4),
			"{ .name = sda, .word = 258, .byte = 2, .p = { .x = 2, .y = 3 }, .low = 5, .mid = -2, .f = null }",
			`{"name": "sda", "word": 258, "byte": 2, "p": {"x": 2, "y": 3}, "low": 5, "mid": -2, "f": null}`},
		{NewStruct("struct", "empty", 0, nil), nil, "{}", "{}"},
		{colour, le(uint32(2)), "GREEN", "2"},
		{colour, le(uint32(9)), "9", "9"},
		{errno, le(int32(-1)), "EPERM", "-1"},
		{&Tuple{[]Type{colour, Pointer{Elem: Void{}}}}, le(uint32(1), 4, uint64(16)), "(RED, 0x10)", "[1,16]"},
	}
	for _, tt := range tests {
		if got := string(tt.typ.AppendText(nil, tt.raw, nil)); got != tt.text {
			t.Errorf("%s: text %q, want %q", tt.typ, got, tt.text)
		}
		got := tt.typ.AppendJSON([]byte("x"), tt.raw, nil)
		if string(got) != "x"+tt.json {
			t.Errorf("%s: JSON %s, want x%s", tt.typ, got, tt.json)
		}
		if !json.Valid(got[1:]) {
			t.Errorf("%s: %s is not JSON", tt.typ, got[1:])
		}
	}
}

// A record that is too short must not stop the session.
func TestRenderShort(t *testing.T) {
	for _, typ := range []Renderer{
		Int64, Bool{}, Pointer{Elem: Void{}}, String{8}, Buffer{8}, Array{Int32, 4},
		&Tuple{[]Type{Int64, String{8}}}, nested, colour,
	} {
		for n := range typ.Size() + 1 {
			raw := make([]byte, n)
			typ.AppendText(nil, raw, nil)
			typ.AppendJSON(nil, raw, nil)
			typ.Compare(raw, raw)
		}
	}
}

func TestTerminalEscape(t *testing.T) {
	raw := []byte("ok\té \x1b]0;x\a\r\u0085\xfe\n\x7f")
	typ := String{len(raw) + 1}
	if got := string(typ.AppendText(nil, append(raw, 0), testEnv{})); got != string(raw) {
		t.Errorf("not a terminal: %q", got)
	}
	want := "ok\té " + `\x1b]0;x\x07\x0d\xc2\x85\xfe` + "\n" + `\x7f`
	if got := string(typ.AppendText(nil, append(raw, 0), testEnv{escape: true})); got != want {
		t.Errorf("terminal: %q, want %q", got, want)
	}
}

func TestTrailer(t *testing.T) {
	env := testEnv{trailer: `"…`}
	if got := string(String{2}.AppendJSON(nil, []byte("ab"), env)); got != `"ab\"…"` {
		t.Error(got)
	}
}

func TestCompare(t *testing.T) {
	tests := []struct {
		typ  Renderer
		a, b []byte // a < b
	}{
		{Int32, le(int32(-1)), le(int32(1))},
		{Uint32, le(int32(1)), le(int32(-1))},
		{Bool{}, le(uint8(0)), le(uint8(1))},
		{Pointer{Elem: Void{}}, le(uint64(1)), le(uint64(1) << 63)},
		{String{4}, le("ab\x00z"), le("abc\x00")},
		{Buffer{4}, le(uint32(1), "a\xff\xff\xff"), le(uint32(2), "aa\x00\x00")},
		{Array{Int16, 2}, le(int16(1), int16(-2)), le(int16(1), int16(2))},
		{&Tuple{[]Type{Int8, Int32}}, le(int8(1), []byte("abc"), int32(1)), le(int8(1), 3, int32(2))},
		{&Record{[]string{"a"}, []Type{Int64}}, le(int64(-5)), le(int64(0))},
		{point, le(int32(1), int32(9)), le(int32(2), int32(0))},
		{nested, le(24, uint32(0b11110_101), 4), le(24, uint32(0b00001_101), 4)},
		{colour, le(uint32(1)), le(uint32(2))},
	}
	for _, tt := range tests {
		if tt.typ.Compare(tt.a, tt.b) >= 0 || tt.typ.Compare(tt.b, tt.a) <= 0 || tt.typ.Compare(tt.a, tt.a) != 0 {
			t.Errorf("%s: %x should be before %x", tt.typ, tt.a, tt.b)
		}
	}
}

func TestEmptyEnv(t *testing.T) {
	if ServiceOf[Symbols](nil) != nil || ServiceOf[Symbols](testEnv{}) != nil {
		t.Error("a service out of nowhere")
	}
}
