package builtin

import (
	"strconv"

	"sonde/lang/check"
	"sonde/lang/config"
	"sonde/lang/types"
	"sonde/stdlib/record"
)

// Config is the settings of the run.
var Config = &record.Builtin{
	Func: check.Func{
		Name:  "config",
		Shape: check.Value,
		Sigs:  []check.Sig{{}},
		Check: func(c *check.Call) types.Type {
			t, values := &types.Record{}, check.Elements{}
			for _, s := range config.Settings {
				value, elem := setting(s, s.Get(c.Checker.Config()))
				t.Names, t.Elems = append(t.Names, s.Name), append(t.Elems, elem)
				values = append(values, value)
			}
			c.Const = values
			return t
		},
		MustUse: true,
	},
	Lowering: known,
	Doc: `The settings that the script runs with, as a record with a field for each: config.max_strlen.
They are known when compiling, for if comptime. Settings that take words or text are
strings.`,
	Examples: []record.Example{
		{Script: `config = { max_strlen = 64 } begin { print(config.max_strlen); }`, Output: "64\n"},
		{Script: `begin { if comptime (config.stack_mode == "bpftrace") { print("as usual"); } }`, Output: "as usual\n"},
	},
}

// setting gives a setting's value, which is as a script would write it, and its type.
func setting(s *config.Setting, value string) (any, types.Type) {
	switch s.Kind {
	case config.Number:
		if n, err := strconv.ParseInt(value, 0, 64); err == nil {
			return n, types.SmallestInt(n)
		}
	case config.Bool:
		return value == "true", types.Bool{}
	}
	return value, types.String{N: len(value) + 1}
}
