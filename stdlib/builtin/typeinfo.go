package builtin

import (
	"fmt"
	"strings"

	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/check"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Typeinfo describes a type.
var Typeinfo = &record.Builtin{
	Func: check.Func{
		Name:  "typeinfo",
		Shape: check.Function,
		Sigs:  []check.Sig{{Params: []check.Param{{Name: "type", Kind: check.TypeArg}}}},
		Check: func(c *check.Call) types.Type {
			t := c.Checker.TypeArg(c.Args[0])
			if t == nil {
				return nil
			}
			kind, full := kindOf(t), spelled(t)
			c.Const = check.Elements{int64(0), kind, full}
			return &types.Record{
				Names: []string{"btf_id", "base_type", "full_type"},
				Elems: []types.Type{types.Uint64, types.String{N: len(kind) + 1}, types.String{N: len(full) + 1}},
			}
		},
		Unstable: "unstable_typeinfo",
		MustUse:  true,
	},
	Lowering: known,
	Doc: `Describes a type, or an expression's type, by a record of what is known when compiling.
.base_type is the kind of type ("int", "string", "pointer", "array", "tuple", …), .full_type
the type itself ("uint64", "string[16]", "struct task_struct *"); .btf_id is 0. Records of
equal types are equal. The expression is not evaluated.`,
	Examples: []record.Example{
		{Script: `config = { unstable_typeinfo = enable } begin { print(typeinfo((uint8)1).full_type); }`, Output: "uint8\n"},
		{Script: `config = { unstable_typeinfo = enable } begin { print(typeinfo(pid) == typeinfo(uint32)); }`, Output: "true\n"},
		{Script: `config = { unstable_typeinfo = enable } begin { print(typeinfo(comm)); }`,
			Output: "{ .btf_id = 0, .base_type = string, .full_type = string[16] }\n"},
	},
}

// known is the lowering of what is known when compiling, so that no code is asked
// for.
var known = lower.Lowering{Value: func(*lower.Builder, *check.Call) *ssa.Value { return nil }}

// kindOf names the kind of a type.
func kindOf(t types.Type) string {
	switch t := t.(type) {
	case types.Int, *types.Enum:
		return "int"
	case types.Pointer:
		return "pointer"
	case types.Array:
		return "array"
	case *types.Struct:
		return "c_type"
	case *types.Tuple:
		return "tuple"
	case *types.Record:
		return "record"
	case stackType:
		return strings.TrimSuffix(t.String(), "_t")
	}
	kind, _, _ := strings.Cut(t.String(), "[")
	return kind
}

// spelled writes a type in full.
func spelled(t types.Type) string {
	switch t := t.(type) {
	case types.Pointer:
		return spelled(t.Elem) + " *"
	case types.Array:
		return fmt.Sprintf("%s[%d]", spelled(t.Elem), t.N)
	case *types.Tuple:
		var parts []string
		for _, e := range t.Elems {
			parts = append(parts, spelled(e))
		}
		return "(" + strings.Join(parts, ",") + ")"
	case *types.Record:
		var parts []string
		for i, e := range t.Elems {
			parts = append(parts, "."+t.Names[i]+" = "+spelled(e))
		}
		return "record { " + strings.Join(parts, ", ") + " }"
	}
	return t.String()
}
