// Package cdef reads the C that scripts may define: structs, unions and enums,
// #define of constants, and conditional lines.
//
// Comes in: the pieces of C text of a script, in order, and a way to find types
// and constants that are defined elsewhere (the kernel's). Goes out: types laid
// out as the System V ABI of a 64-bit little-endian machine lays them out, bit
// fields, packed and aligned ones too; and the texts of the macros, which mean
// expressions of the script. Guaranteed: it opens no file; #include is left to
// the caller.
package cdef

import (
	"fmt"

	"sonde/lang/types"
)

// Outside finds what the text refers to but does not define; nil when there is
// no such thing.
type Outside interface {
	// Type finds "struct x", "union x" or "enum x" (keyword and name), or a name
	// that is a type by itself (keyword "").
	Type(keyword, name string) types.Type
	// Constant finds an enumeration constant.
	Constant(name string) (int64, bool)
}

// Error is a mistake in the text.
type Error struct {
	// Offset is where in the piece, in bytes.
	Offset int
	Msg    string
}

func (e *Error) Error() string { return e.Msg }

// Definitions are what has been read so far.
type Definitions struct {
	// Types by "struct x", "union x", "enum x".
	Types map[string]types.Type
	// Enums gives, by name of a constant, the enumeration that it belongs to.
	Enums map[string]*types.Enum
	// Macros are the replacements of object-like #defines.
	Macros map[string]Macro
	// Includes are the files that active #include lines name, with their < > or
	// quotes.
	Includes []Include

	outside Outside
	// aligns keeps alignments that members alone don't tell.
	aligns map[*types.Struct]int
	// skipping holds a level for each open #if.
	skipping []condition
}

// Macro is an object-like #define.
type Macro struct {
	Text string
	// Offset of Text within its piece.
	Offset int
	// Params tells that it takes parameters, which scripts can't use.
	Params bool
}

// Include is an #include line; Piece is the number of the piece it stands in.
type Include struct {
	Name  string
	Piece int
}

// condition is the state of an #if: whether this part is active, whether any
// part was, and whether what surrounds it is.
type condition struct{ active, done, outer bool }

// New makes an empty set of definitions. Each name in defined is a macro with
// the value 1.
func New(outside Outside, defined ...string) *Definitions {
	d := &Definitions{
		Types:   map[string]types.Type{},
		Enums:   map[string]*types.Enum{},
		Macros:  map[string]Macro{},
		outside: outside,
		aligns:  map[*types.Struct]int{},
	}
	for _, name := range defined {
		d.Macros[name] = Macro{Text: "1"}
	}
	return d
}

// Read adds piece number n: a preprocessor line or one or more definitions.
func (d *Definitions) Read(n int, text string) (err error) {
	toks, err := scan(text)
	if err != nil {
		return err
	}
	p := &parser{d: d, toks: toks, text: text}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			err = e
		}
	}()
	if p.peek().text == "#" {
		p.directive(n)
		return nil
	}
	if !d.active() {
		return nil
	}
	for p.peek().kind != end {
		p.definition()
	}
	return nil
}

// Close tells about conditions left open at the end of the script.
func (d *Definitions) Close() error {
	if len(d.skipping) > 0 {
		return &Error{Msg: "#if without #endif"}
	}
	return nil
}

func (d *Definitions) active() bool {
	n := len(d.skipping)
	return n == 0 || d.skipping[n-1].active && d.skipping[n-1].outer
}

// find gives a type that is defined here or outside.
func (d *Definitions) find(keyword, name string) types.Type {
	full := name
	if keyword != "" {
		full = keyword + " " + name
	}
	if t := d.Types[full]; t != nil {
		return t
	}
	if t := d.outside.Type(keyword, name); t != nil {
		return t
	}
	return nil
}

func (p *parser) fail(at token, format string, args ...any) {
	panic(&Error{at.off, fmt.Sprintf(format, args...)})
}
