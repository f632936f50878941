package stdlib

import (
	"embed"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// scripts are the functions that are written in the language itself: each file
// holds a family of macros. A comment in front of a macro is its reference text;
// lines in it that begin with "Example:" are scripts that compile.
//
//go:embed script/*.bt
var scripts embed.FS

// ScriptFunc is a function written in the language.
type ScriptFunc struct {
	// Forms are the ways to call it.
	Forms []string
	// Doc is its reference text, and Examples are scripts that use it.
	Doc      string
	Examples []string
	// source is the whole file that defines it.
	source string
}

var macroStart = regexp.MustCompile(`(?m)^macro ((\w+)\(.*\))`)

// scriptFuncs indexes the files by the names of macros, when first asked for.
var scriptFuncs = sync.OnceValue(func() map[string]*ScriptFunc {
	index := map[string]*ScriptFunc{}
	files, err := scripts.ReadDir("script")
	if err != nil {
		panic(err) // it is part of the program
	}
	for _, file := range files {
		data, err := scripts.ReadFile(path.Join("script", file.Name()))
		if err != nil {
			panic(err)
		}
		text := string(data)
		for _, m := range macroStart.FindAllStringSubmatchIndex(text, -1) {
			name := text[m[4]:m[5]]
			if index[name] == nil {
				index[name] = newScriptFunc(text, text[:m[0]])
			}
			index[name].Forms = append(index[name].Forms, text[m[2]:m[3]])
		}
	}
	return index
})

// newScriptFunc reads the comment that ends before.
func newScriptFunc(source, before string) *ScriptFunc {
	f := &ScriptFunc{source: source}
	lines := strings.Split(strings.TrimSuffix(before, "\n"), "\n")
	first := len(lines)
	for first > 0 && strings.HasPrefix(lines[first-1], "//") {
		first--
	}
	var doc []string
	for _, line := range lines[first:] {
		line = strings.TrimPrefix(strings.TrimPrefix(line, "//"), " ")
		if example, ok := strings.CutPrefix(line, "Example: "); ok {
			f.Examples = append(f.Examples, example)
		} else {
			doc = append(doc, line)
		}
	}
	f.Doc = strings.Join(doc, "\n")
	return f
}

// Source implements check.Library.
func (l *Library) Source(name string) string {
	if f := scriptFuncs()[name]; f != nil {
		return f.source
	}
	return ""
}

// Script gives a function that is written in the language, or nil.
func (l *Library) Script(name string) *ScriptFunc { return scriptFuncs()[name] }

// ScriptNames lists the functions that are written in the language, sorted.
func (l *Library) ScriptNames() []string {
	var names []string
	for name := range scriptFuncs() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
