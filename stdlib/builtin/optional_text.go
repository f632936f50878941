package builtin

import (
	"sonde/lang/check"
	"sonde/lang/types"
)

// optionalText makes the check of a function whose i-th argument is an optional
// constant text, which becomes the call's data; left out, it is absent.
func optionalText(i int, absent string) func(c *check.Call) types.Type {
	return func(c *check.Call) types.Type {
		text, ok := absent, true
		if len(c.Args) > i {
			text, ok = c.Checker.ConstString(c.Args[i])
		}
		if !ok {
			return nil
		}
		c.Data = text
		return c.Sig.Result
	}
}
