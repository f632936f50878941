package render

import (
	"slices"
	"strconv"

	"sonde/codegen/plan"
	"sonde/lang/types"
	"sonde/runtime/event"
)

// JSON writes one JSON object a line.
type JSON struct{ writer }

var _ event.Output = (*JSON)(nil)

// NewJSON makes a writer of JSON.
func NewJSON(o Options) *JSON { return &JSON{writer{Options: o}} }

// open begins a record.
func (j *JSON) open(kind string) {
	j.buf = append(j.buf, `{"type": `...)
	j.buf = types.AppendJSONString(j.buf, kind)
}

func (j *JSON) data(kind string) {
	j.open(kind)
	j.buf = append(j.buf, `, "data": `...)
}

func (j *JSON) close() {
	j.buf = append(j.buf, "}\n"...)
	j.done()
}

// Text implements event.Output.
func (j *JSON) Text(kind string, text []byte) {
	j.data(kind)
	j.buf = types.AppendJSONString(j.buf, text)
	j.close()
}

// Line implements event.Output.
func (j *JSON) Line(kind string, text []byte) { j.Text(kind, text) }

// Value implements event.Output.
func (j *JSON) Value(t types.Renderer, raw []byte) {
	j.data("value")
	j.buf = t.AppendJSON(j.buf, raw, j.Env)
	j.close()
}

// Map implements event.Output.
func (j *JSON) Map(v *plan.Var, m event.Map, top, div uint64) error {
	table, err := read(v, m, top, div)
	if err == nil && len(table.elements) > 0 {
		j.table(v, table)
	}
	return err
}

// Element implements event.Output.
func (j *JSON) Element(v *plan.Var, key, value []byte) {
	j.table(v, &table{value: renderer(v.Value), elements: []element{{key, value}}})
}

func (j *JSON) table(v *plan.Var, t *table) {
	j.data(kindOf(t.value))
	j.buf = types.AppendJSONString(append(j.buf, '{'), v.Name)
	j.buf = append(j.buf, ": "...)
	if v.Scalar {
		j.buf = t.value.AppendJSON(j.buf, t.elements[0].value, j.Env)
	} else {
		j.buf = append(j.buf, '{')
		var key []byte
		for i, e := range t.elements {
			if i > 0 {
				j.buf = append(j.buf, ", "...)
			}
			key = j.appendKey(key[:0], v.Key, e.key, true)
			j.buf = append(types.AppendJSONString(j.buf, key), ": "...)
			j.buf = t.value.AppendJSON(j.buf, e.value, j.Env)
		}
		j.buf = append(j.buf, '}')
	}
	j.buf = append(j.buf, '}')
	j.close()
}

// appendKey writes a key as the name of a member: as text without the spaces that
// are there for the eye, so all but those in strings; a tuple that is the whole
// key stands without parentheses.
func (j *JSON) appendKey(dst []byte, typ types.Type, raw []byte, outer bool) []byte {
	tuple, ok := typ.(*types.Tuple)
	if !ok {
		return j.appendKeyPart(dst, renderer(typ), raw)
	}
	if !outer {
		dst = append(dst, '(')
	}
	for i, e := range tuple.Elems {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = j.appendKey(dst, e, part(raw, tuple.Offset(i), e.Size()), false)
	}
	if !outer {
		dst = append(dst, ')')
	}
	return dst
}

func (j *JSON) appendKeyPart(dst []byte, typ types.Renderer, raw []byte) []byte {
	at := len(dst)
	dst = typ.AppendText(dst, raw, j.Env)
	switch typ.(type) {
	case types.String, types.Buffer:
		return dst
	}
	tight := slices.DeleteFunc(dst[at:], func(c byte) bool { return c == ' ' })
	return dst[:at+len(tight)]
}

// Message implements event.Output.
func (j *JSON) Message(kind string, fields []event.Field, _ string) {
	j.open(kind)
	for _, f := range fields {
		j.buf = append(j.buf, ", "...)
		j.field(f)
	}
	j.close()
}

func (j *JSON) field(f event.Field) {
	j.buf = append(types.AppendJSONString(j.buf, f.Name), ": "...)
	switch v := f.Value.(type) {
	case string:
		j.buf = types.AppendJSONString(j.buf, v)
	case bool:
		j.buf = strconv.AppendBool(j.buf, v)
	case int:
		j.buf = types.AppendJSONInt(j.buf, int64(v), true)
	case int64:
		j.buf = types.AppendJSONInt(j.buf, v, true)
	case uint64:
		j.buf = types.AppendJSONInt(j.buf, int64(v), false)
	case []event.Field:
		j.buf = append(j.buf, '{')
		for i, inner := range v {
			if i > 0 {
				j.buf = append(j.buf, ", "...)
			}
			j.field(inner)
		}
		j.buf = append(j.buf, '}')
	}
}

// Result implements event.Output.
func (j *JSON) Result(kind string, fields []event.Field, _ string) { j.Message(kind, fields, "") }

// End implements event.Output.
func (j *JSON) End() {}
