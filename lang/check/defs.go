package check

import (
	"slices"

	"sonde/lang/types"
)

// definitions are what a script's C text defines: constants, structs and enums.
type definitions struct {
	consts map[string]operand
	types  map[string]types.Type // by "struct x", "enum x", or a typedef's name
}

func (c *checker) define() *definitions {
	return &definitions{consts: map[string]operand{}, types: map[string]types.Type{}}
}

func (d *definitions) constant(name string) (operand, bool) {
	x, ok := d.consts[name]
	return x, ok
}

func (d *definitions) names() []string {
	var out []string
	for n := range d.consts {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// lookup finds a type by keyword ("struct", "union", "enum" or "") and name.
func (d *definitions) lookup(keyword, name string) types.Type {
	if keyword != "" {
		name = keyword + " " + name
	}
	return d.types[name]
}

func (d *definitions) typeNames(keyword string) []string {
	var out []string
	for n := range d.types {
		if keyword == "" {
			out = append(out, n)
		} else if len(n) > len(keyword) && n[:len(keyword)+1] == keyword+" " {
			out = append(out, n[len(keyword)+1:])
		}
	}
	slices.Sort(out)
	return out
}
