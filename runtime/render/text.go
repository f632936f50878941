package render

import (
	"fmt"

	"sonde/codegen/plan"
	"sonde/lang/types"
	"sonde/runtime/event"
)

// Text writes for people.
type Text struct{ writer }

var _ event.Output = (*Text)(nil)

// NewText makes a writer of text.
func NewText(o Options) *Text { return &Text{writer{Options: o}} }

// Text implements event.Output.
func (t *Text) Text(_ string, text []byte) {
	t.buf = append(t.buf, text...)
	t.done()
}

// Line implements event.Output.
func (t *Text) Line(_ string, text []byte) {
	t.buf = append(append(t.buf, text...), '\n')
	t.done()
}

// Value implements event.Output.
func (t *Text) Value(typ types.Renderer, raw []byte) {
	t.buf = append(typ.AppendText(t.buf, raw, t.Env), '\n')
	t.done()
}

// Map implements event.Output.
func (t *Text) Map(v *plan.Var, m event.Map, top, div uint64) error {
	table, err := read(v, m, top, div)
	if err != nil {
		return err
	}
	for _, e := range table.elements {
		t.element(v, table.value, e.key, e.value)
	}
	return nil
}

// Element implements event.Output.
func (t *Text) Element(v *plan.Var, key, value []byte) {
	t.element(v, renderer(v.Value), key, value)
}

// element writes "@name[key]: value", or the value on lines of its own with an
// empty one behind.
func (t *Text) element(v *plan.Var, typ types.Renderer, key, value []byte) {
	t.buf = append(t.buf, v.Name...)
	if !v.Scalar {
		t.buf = append(t.appendKey(append(t.buf, '['), v.Key, key), ']')
	}
	if isBlock(typ) {
		t.buf = append(t.buf, ":\n"...)
	} else {
		t.buf = append(t.buf, ": "...)
	}
	t.buf = append(typ.AppendText(t.buf, value, t.Env), '\n')
	t.done()
}

// appendKey writes a key; a key of several parts stands without parentheses, as
// it is written in scripts.
func (t *Text) appendKey(dst []byte, typ types.Type, raw []byte) []byte {
	tuple, ok := typ.(*types.Tuple)
	if !ok {
		return renderer(typ).AppendText(dst, raw, t.Env)
	}
	for i, e := range tuple.Elems {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = renderer(e).AppendText(dst, part(raw, tuple.Offset(i), e.Size()), t.Env)
	}
	return dst
}

// Message implements event.Output.
func (t *Text) Message(_ string, _ []event.Field, text string) {
	if t.Buffering != Full {
		t.write() // so that on a terminal both stand in order
	}
	fmt.Fprintln(t.Err, text)
}

// Result implements event.Output.
func (t *Text) Result(_ string, _ []event.Field, text string) {
	t.buf = append(t.buf, text...)
	t.done()
}

// End implements event.Output: two empty lines set off the maps.
func (t *Text) End() {
	t.buf = append(t.buf, "\n\n"...)
	t.done()
}
