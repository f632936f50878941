package render

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"sonde/codegen/plan"
	"sonde/lang/types"
	"sonde/runtime/event"
)

// fakeMap lists elements in the order given.
type fakeMap []element

func (m fakeMap) Each(f func(key, value []byte) error) error {
	for _, e := range m {
		if err := f(e.key, e.value); err != nil {
			return err
		}
	}
	return nil
}
func (fakeMap) Lookup([]byte) ([]byte, bool, error) { return nil, false, nil }
func (fakeMap) Clear() error                        { return nil }
func (fakeMap) Zero() error                         { return nil }

func num(v int64) []byte { return binary.NativeEndian.AppendUint64(nil, uint64(v)) }

func str(s string) []byte { return append([]byte(s), make([]byte, 16-len(s))...) }

// lines is a value that takes lines of its own.
type lines struct{ types.Int }

func (lines) AppendText(dst, _ []byte, _ types.Env) []byte {
	return append(dst, "first\nsecond\n"...)
}
func (lines) Kind() string      { return "hist" }
func (lines) Block() bool       { return true }
func (lines) Merge(_, _ []byte) {}

var (
	text  = types.String{N: 16}
	pair  = &types.Tuple{Elems: []types.Type{text, types.Int64}}
	pairs = &types.Tuple{Elems: []types.Type{types.Int64, pair}}
)

func cat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestMaps(t *testing.T) {
	for _, c := range []struct {
		name       string
		v          plan.Var
		m          fakeMap
		top, div   uint64
		text, json string
	}{
		{
			name: "sorted by value",
			v:    plan.Var{Name: "@x", Key: text, Value: types.Int64},
			m:    fakeMap{{str("b c"), num(3)}, {str("a"), num(-1)}, {str("d"), num(3)}},
			text: "@x[a]: -1\n@x[b c]: 3\n@x[d]: 3\n",
			json: `{"type": "map", "data": {"@x": {"a": -1, "b c": 3, "d": 3}}}` + "\n",
		},
		{
			name: "top and div",
			v:    plan.Var{Name: "@", Key: text, Value: types.Uint64},
			m:    fakeMap{{str("b"), num(30)}, {str("a"), num(-1)}, {str("d"), num(20)}},
			top:  2, div: 10,
			text: "@[b]: 3\n@[a]: 1844674407370955161\n",
			json: `{"type": "map", "data": {"@": {"b": 3, "a": "1844674407370955161"}}}` + "\n",
		},
		{
			name: "sorted by key",
			v:    plan.Var{Name: "@x", Key: types.Int64, Value: text},
			m:    fakeMap{{num(2), str("a")}, {num(-5), str("b")}},
			text: "@x[-5]: b\n@x[2]: a\n",
			json: `{"type": "map", "data": {"@x": {"-5": "b", "2": "a"}}}` + "\n",
		},
		{
			name: "keys of several parts",
			v:    plan.Var{Name: "@x", Key: pairs, Value: types.Int64},
			m:    fakeMap{{cat(num(2), str("a b"), num(7)), num(1)}, {cat(num(2), str("a b"), num(5)), num(1)}},
			text: "@x[2, (a b, 5)]: 1\n@x[2, (a b, 7)]: 1\n",
			json: `{"type": "map", "data": {"@x": {"2,(a b,5)": 1, "2,(a b,7)": 1}}}` + "\n",
		},
		{
			name: "a string that looks like a tuple",
			v:    plan.Var{Name: "@x", Key: text, Value: types.Int64},
			m:    fakeMap{{str("(a)"), num(2)}},
			text: "@x[(a)]: 2\n",
			json: `{"type": "map", "data": {"@x": {"(a)": 2}}}` + "\n",
		},
		{
			name: "scalar",
			v:    plan.Var{Name: "@x", Value: pair, Scalar: true},
			m:    fakeMap{{nil, cat(str("a"), num(70))}},
			div:  7,
			text: "@x: (a, 10)\n",
			json: `{"type": "map", "data": {"@x": ["a",10]}}` + "\n",
		},
		{
			name: "empty",
			v:    plan.Var{Name: "@x", Key: text, Value: types.Int64},
		},
		{
			name: "empty scalar",
			v:    plan.Var{Name: "@x", Value: types.Int64, Scalar: true},
		},
		{
			name: "values on lines of their own",
			v:    plan.Var{Name: "@h", Key: types.Int64, Value: lines{types.Int64}},
			m:    fakeMap{{num(1), num(2)}, {num(2), num(1)}},
			text: "@h[2]:\nfirst\nsecond\n\n@h[1]:\nfirst\nsecond\n\n",
			json: `{"type": "hist", "data": {"@h": {"2": 1, "1": 2}}}` + "\n",
		},
		{
			name: "scalar on lines of its own",
			v:    plan.Var{Name: "@h", Value: lines{types.Int64}, Scalar: true},
			m:    fakeMap{{nil, num(2)}},
			text: "@h:\nfirst\nsecond\n\n",
			json: `{"type": "hist", "data": {"@h": 2}}` + "\n",
		},
	} {
		var out, errs strings.Builder
		tx := NewText(Options{Out: &out, Err: &errs})
		if err := errors.Join(tx.Map(&c.v, c.m, c.top, c.div), tx.Flush()); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if out.String() != c.text {
			t.Errorf("%s: text\n%s", c.name, out.String())
		}
		out.Reset()
		js := NewJSON(Options{Out: &out, Err: &errs})
		if err := errors.Join(js.Map(&c.v, c.m, c.top, c.div), js.Flush()); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if out.String() != c.json {
			t.Errorf("%s: JSON\n%s", c.name, out.String())
		}
		if errs.Len() > 0 {
			t.Errorf("%s: on standard error: %s", c.name, errs.String())
		}
	}
}

func TestRecords(t *testing.T) {
	v := plan.Var{Name: "@x", Key: types.Int64, Value: types.Int64}
	play := func(o event.Output) {
		o.Message("attached_probes", []event.Field{{Name: "count", Value: 2},
			{Name: "data", Value: []event.Field{{Name: "probes", Value: 2}}}}, "Attached 2 probes")
		o.Text("printf", []byte("a \"b\"\n"))
		o.Line("join", []byte("x,y"))
		o.Value(pair, cat(str("s"), num(1)))
		o.Element(&v, num(1), num(2))
		o.Message("helper_error", []event.Field{{Name: "msg", Value: "Bad address"}, {Name: "retcode", Value: int64(-14)},
			{Name: "fatal", Value: false}, {Name: "n", Value: uint64(1) << 63}}, "WARNING: Bad address")
		o.End()
		if err := o.Flush(); err != nil {
			t.Error(err)
		}
	}
	var out, errs strings.Builder
	play(NewText(Options{Out: &out, Err: &errs}))
	if want := "a \"b\"\nx,y\n(s, 1)\n@x[1]: 2\n\n\n"; out.String() != want {
		t.Errorf("text %q, want %q", out.String(), want)
	}
	if want := "Attached 2 probes\nWARNING: Bad address\n"; errs.String() != want {
		t.Errorf("standard error %q, want %q", errs.String(), want)
	}
	out.Reset()
	errs.Reset()
	play(NewJSON(Options{Out: &out, Err: &errs}))
	want := `{"type": "attached_probes", "count": 2, "data": {"probes": 2}}
{"type": "printf", "data": "a \"b\"\n"}
{"type": "join", "data": "x,y"}
{"type": "value", "data": ["s",1]}
{"type": "map", "data": {"@x": {"1": 2}}}
{"type": "helper_error", "msg": "Bad address", "retcode": -14, "fatal": false, "n": 9223372036854775808}
`
	if out.String() != want {
		t.Errorf("JSON\n%s", out.String())
	}
	if errs.Len() > 0 {
		t.Errorf("on standard error: %s", errs.String())
	}
}

// calls counts writes, and fails from the given one on.
type calls struct{ n, failAt int }

func (c *calls) Write(b []byte) (int, error) {
	c.n++
	if c.failAt > 0 && c.n >= c.failAt {
		return 0, errors.New("closed")
	}
	return len(b), nil
}

func TestBuffering(t *testing.T) {
	for _, c := range []struct {
		mode             Buffering
		after, idle, end int
	}{{None, 2, 2, 2}, {Line, 0, 1, 1}, {Full, 0, 0, 1}} {
		w := &calls{}
		o := NewText(Options{Out: w, Buffering: c.mode})
		o.Line("", []byte("one"))
		o.Line("", []byte("two"))
		after := w.n
		o.Idle()
		idle := w.n
		o.Flush()
		if after != c.after || idle != c.idle || w.n != c.end {
			t.Errorf("mode %d: %d, %d, %d writes; want %d, %d, %d", c.mode, after, idle, w.n, c.after, c.idle, c.end)
		}
	}
	w := &calls{}
	o := NewText(Options{Out: w, Buffering: Full})
	for range 3 * bufferSize / 8 {
		o.Text("", []byte("12345678"))
	}
	if w.n != 3 {
		t.Errorf("%d writes, want 3", w.n)
	}
}

func TestWriteErrorStays(t *testing.T) {
	w := &calls{failAt: 2}
	o := NewText(Options{Out: w})
	for i := range 4 {
		o.Line("", []byte("x"))
		if err := o.Idle(); (err != nil) != (i > 0) {
			t.Errorf("write %d: %v", i, err)
		}
	}
	if w.n != 2 {
		t.Errorf("%d writes, want none after the failed one", w.n)
	}
}

func TestParseBuffering(t *testing.T) {
	for name, want := range map[string]Buffering{"": Line, "line": Line, "full": Full, "none": None} {
		if got, err := ParseBuffering(name); got != want || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := ParseBuffering("lines"); err == nil {
		t.Error("lines: no error")
	}
}
