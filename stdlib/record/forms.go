package record

import (
	"strings"

	"sonde/lang/check"
)

// Forms shows how the record is written in a script, a line for each signature:
// "str(pointer[, length]) → string[1024]".
func (b *Builtin) Forms() []string {
	sigs := b.Sigs
	if len(sigs) == 0 {
		sigs = []check.Sig{{}}
	}
	forms := make([]string, len(sigs))
	for i := range sigs {
		forms[i] = b.form(&sigs[i])
	}
	return forms
}

func (b *Builtin) form(sig *check.Sig) string {
	var s strings.Builder
	s.WriteString(b.Name)
	if len(sig.Params) > 0 || b.Shape != check.Value || sig.Variadic {
		s.WriteByte('(')
		s.WriteString(params(sig))
		s.WriteByte(')')
	}
	if sig.Result != nil && sig.Result.Size() > 0 {
		s.WriteString(" → " + sig.Result.String())
	}
	return s.String()
}

func params(sig *check.Sig) string {
	var s strings.Builder
	first := len(sig.Params) - sig.Optional
	for i, p := range sig.Params {
		if i >= first {
			s.WriteByte('[')
		}
		if i > 0 {
			s.WriteString(", ")
		}
		s.WriteString(p.Name)
	}
	s.WriteString(strings.Repeat("]", sig.Optional))
	if sig.Variadic {
		if len(sig.Params) > 0 {
			s.WriteString(", ")
		}
		s.WriteString("…")
	}
	return s.String()
}
