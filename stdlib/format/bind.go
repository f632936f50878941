package format

import (
	"fmt"

	"sonde/lang/types"
)

// argument is where a value lies in the payload.
type argument struct {
	offset, size int
	t            types.Renderer
	i            types.Int
}

// Bind ties the format to its arguments: their types, in order, and with them
// their places in a tuple. It gives a format that Append can render, or what
// does not fit, to stand behind the function's name.
func (f *Format) Bind(args []types.Type) (*Format, error) {
	stars := 0
	for _, sp := range f.specs {
		stars += b2i(sp.starWidth) + b2i(sp.starPrec)
	}
	// Scripts written for a printf that ignores stars have no arguments for them.
	ignoreStars := stars > 0 && len(args) == len(f.specs)
	want := len(f.specs) + stars
	if !ignoreStars {
		switch {
		case len(args) < want:
			return nil, fmt.Errorf("not enough arguments for format string (%d supplied, %d expected)", len(args), want)
		case len(args) > want:
			return nil, fmt.Errorf("too many arguments for format string (%d supplied, %d expected)", len(args), want)
		}
	}

	tuple := &types.Tuple{Elems: args}
	next := 0
	take := func() (argument, types.Type) {
		i := next
		next++
		a := argument{offset: tuple.Offset(i), size: args[i].Size()}
		a.t, _ = args[i].(types.Renderer)
		a.i, _ = types.AsInt(args[i])
		return a, args[i]
	}
	bound := &Format{text: f.text, specs: append([]spec(nil), f.specs...)}
	for i := range bound.specs {
		sp := &bound.specs[i]
		if ignoreStars {
			sp.starWidth, sp.starPrec = false, false
		}
		for _, star := range []struct {
			set bool
			arg *argument
		}{{sp.starWidth, &sp.widthArg}, {sp.starPrec, &sp.precArg}} {
			if !star.set {
				continue
			}
			a, t := take()
			if !isInteger(t) {
				return nil, fmt.Errorf("width and precision of a format must be integers, not '%s'", t)
			}
			*star.arg = a
		}
		a, t := take()
		if err := sp.bind(a, t); err != nil {
			return nil, err
		}
	}
	return bound, nil
}

func (sp *spec) bind(a argument, t types.Type) error {
	c, ok := conversions[sp.verb]
	if !ok {
		return fmt.Errorf("unsupported format specifier: %s", sp.verb)
	}
	if !c.takes(t) || a.t == nil {
		return fmt.Errorf("unsupported format specifier for type '%s': %s", t, sp.verb)
	}
	sp.conv, sp.arg = c, a
	return nil
}

func isInteger(t types.Type) bool {
	switch t.(type) {
	case types.Int, types.Bool, types.Pointer, *types.Enum:
		return true
	}
	return false
}

func isBuffer(t types.Type) bool {
	_, ok := t.(types.Buffer)
	return ok
}

func isAny(types.Type) bool { return true }

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
