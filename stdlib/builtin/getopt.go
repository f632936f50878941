package builtin

import (
	"strconv"
	"strings"

	"sonde/codegen/lower"
	"sonde/codegen/ssa"
	"sonde/lang/ast"
	"sonde/lang/check"
	"sonde/lang/source"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Getopt is what the user set a named parameter of the script to.
var Getopt = &record.Builtin{
	Func: check.Func{
		Name:  "getopt",
		Shape: check.Function,
		Sigs: []check.Sig{{
			Params: []check.Param{
				{Name: "name", Kind: check.ConstStringArg},
				{Name: "default", Kind: check.AnyArg},
				{Name: "description", Kind: check.ConstStringArg},
			},
			Optional: 2,
		}},
		Check:   checkGetopt,
		MustUse: true,
	},
	Lowering: lower.Lowering{
		Value: func(b *lower.Builder, c *check.Call) *ssa.Value {
			switch v := c.Const.(type) {
			case bool:
				if v {
					return b.Const(1)
				}
			case int64:
				return b.Const(v)
			case uint64:
				return b.Const(int64(v))
			}
			return b.Const(0)
		},
	},
	Doc: `What --name was set to behind -- on the command line.
The default, which is what it is when not set, must be a literal: true or false, a number or a string,
and the option takes values of its kind. Without a default it is false unless set. A description is
shown by -- --help.`,
	Examples: []record.Example{
		{Script: `begin { print((getopt("limit", 10, "how many to show"), getopt("all"))); }`, Output: "(10, false)\n"},
	},
}

func checkGetopt(c *check.Call) types.Type {
	name, ok := c.Checker.ConstString(c.Args[0])
	if !ok {
		return nil
	}
	description := ""
	if len(c.Args) > 2 {
		if description, ok = c.Checker.ConstString(c.Args[2]); !ok {
			return nil
		}
	}
	value, set := c.Checker.Parameter(name, description)
	kind, def := optionKind(c)
	if kind == "" {
		return wrong(c, c.Args[1].Span(), "getopt() expects a literal as the default: a number, a string, true or false")
	}
	c.Const = def
	if set {
		if c.Const, ok = readOption(kind, value); !ok {
			// The command line is wrong, not the script.
			return wrong(c, source.Span{}, "program command line option --%s invalid %s (value: %s)", name, kind, value)
		}
	}
	switch c.Const.(type) {
	case int64:
		return types.Int64
	case uint64:
		return types.Uint64
	}
	return nil
}

// optionKind tells by the default what values an option takes.
func optionKind(c *check.Call) (kind string, def any) {
	if len(c.Args) < 2 {
		return "boolean", false
	}
	if s, ok := c.Checker.ConstString(c.Args[1]); ok {
		return "string", s
	}
	if b, ok := c.Args[1].(*ast.Bool); ok {
		return "boolean", b.Value
	}
	if n, ok := c.Checker.ConstInt(c.Args[1]); ok {
		return "integer", n
	}
	return "", nil
}

// readOption reads an option's value; numbers are as in scripts.
func readOption(kind, text string) (any, bool) {
	switch kind {
	case "string":
		return text, true
	case "integer":
		if n, err := strconv.ParseInt(text, 0, 64); err == nil {
			return n, true
		}
		n, err := strconv.ParseUint(text, 0, 64)
		return n, err == nil
	}
	switch strings.ToLower(text) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return nil, false
}
