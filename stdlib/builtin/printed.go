package builtin

import (
	"sonde/lang/types"
)

// words says how a number is shown that means something else.
type words interface {
	comparable
	// name is the type's name in the language.
	name() string
	appendWords(dst []byte, n uint64, env types.Env) []byte
}

// printed is the type of such numbers: 64 bits wide, shown in words when they are
// printed, and compared as numbers.
type printed[W words] struct{ words W }

func (t printed[W]) String() string { return t.words.name() }

// Size implements types.Type.
func (printed[W]) Size() int { return 8 }

// Align implements types.Type.
func (printed[W]) Align() int { return 8 }

// Repr implements types.Scalar.
func (printed[W]) Repr() types.Int { return types.Uint64 }

// AppendText implements types.Renderer.
func (t printed[W]) AppendText(dst, raw []byte, env types.Env) []byte {
	return t.words.appendWords(dst, uint64(types.Uint64.Load(raw)), env)
}

// AppendJSON implements types.Renderer.
func (t printed[W]) AppendJSON(dst, raw []byte, env types.Env) []byte {
	return types.AppendJSONString(dst, t.AppendText(nil, raw, env))
}

// Compare implements types.Renderer.
func (printed[W]) Compare(a, b []byte) int { return types.Uint64.Compare(a, b) }
