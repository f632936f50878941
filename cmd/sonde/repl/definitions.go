package repl

import (
	"slices"
	"strings"

	"sonde/lang/ast"
	"sonde/lang/source"
)

// definitions are what inputs without probes define: types, macros, settings. They
// stand before every later input that does not define the same.
type definitions struct {
	items []ast.Item
	files []*source.File
}

// keep takes over what an input defines, in place of what had the same name.
func (d *definitions) keep(in *input) {
	var items []ast.Item
	for _, item := range in.script.Items {
		if !slices.Contains(d.items, item) {
			items = append(items, item)
		}
	}
	d.items = append(d.before(items), items...)
	slices.SortStableFunc(d.items, func(a, b ast.Item) int { return rank(a) - rank(b) })
	d.files = append(d.files, in.file)
}

// before gives those definitions that items do not replace.
func (d *definitions) before(items []ast.Item) []ast.Item {
	names := map[string]bool{}
	for _, item := range items {
		names[defined(item)] = true
	}
	var kept []ast.Item
	for _, item := range d.items {
		if !names[defined(item)] {
			kept = append(kept, item)
		}
	}
	return kept
}

// rank is the order in which a script has its parts.
func rank(item ast.Item) int {
	switch item.(type) {
	case *ast.CDef:
		return 0
	case *ast.Config:
		return 1
	case *ast.Import:
		return 2
	case *ast.MapDecl:
		return 3
	case *ast.Macro:
		return 4
	}
	return 5
}

// defined names what an item defines; two of one name replace each other.
func defined(item ast.Item) string {
	switch item := item.(type) {
	case *ast.CDef:
		words := strings.FieldsFunc(item.Text, func(r rune) bool { return strings.ContainsRune(" \t\n{(;", r) })
		return strings.Join(words[:min(2, len(words))], " ")
	case *ast.Config:
		return "config"
	case *ast.Import:
		return "import " + item.Path
	case *ast.MapDecl:
		return item.Name
	case *ast.Macro:
		return "macro " + item.Name
	}
	return ""
}
