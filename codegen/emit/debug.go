package emit

import (
	"encoding/binary"
	"strings"

	"sonde/lang/source"
)

// Debug collects what describes a plan's programs to the kernel: one BTF blob
// (types of the functions, and strings: file names and source lines), and for each
// program the records that refer to it (struct bpf_func_info and bpf_line_info in
// include/uapi/linux/bpf.h). With it the verifier's log and bpftool show the
// script's lines; callbacks can't do without.
type Debug struct {
	line    func(source.Pos) string
	types   []byte
	count   uint32 // types so far; ids begin at 1
	strings []byte
	offsets map[string]uint32
	protos  map[int]uint32 // type id of the prototype, by number of parameters
	number  uint32         // type id of a 64-bit number
}

// The kinds of types and the layout constants of BTF (include/uapi/linux/btf.h).
const (
	btfMagic     = 0xeb9f
	btfHeader    = 24
	kindInt      = 1
	kindFunc     = 12
	kindProto    = 13
	lineShift    = 10
	maxColumn    = 1<<lineShift - 1
	maxLine      = 1<<(32-lineShift) - 1
	paramLetters = "abcde"
)

// NewDebug starts an empty description; line gives the script's text at a place.
func NewDebug(line func(source.Pos) string) *Debug {
	d := &Debug{line: line, strings: []byte{0}, offsets: map[string]uint32{"": 0}, protos: map[int]uint32{}}
	d.number = d.add(d.string("u64"), kindInt<<24, 8, 64) // unsigned, offset 0, 64 bits
	return d
}

// add appends a type and gives its id.
func (d *Debug) add(words ...uint32) uint32 {
	for _, w := range words {
		d.types = binary.NativeEndian.AppendUint32(d.types, w)
	}
	d.count++
	return d.count
}

func (d *Debug) string(s string) uint32 {
	off, ok := d.offsets[s]
	if !ok {
		off = uint32(len(d.strings))
		d.offsets[s] = off
		d.strings = append(append(d.strings, s...), 0)
	}
	return off
}

// proto is the type of functions of n numbers that give a number. The kernel only
// looks at more when a function is global, and ours are static.
func (d *Debug) proto(n int) uint32 {
	id, ok := d.protos[n]
	if !ok {
		words := []uint32{0, kindProto<<24 | uint32(n), d.number}
		for i := range n {
			words = append(words, d.string(paramLetters[i:i+1]), d.number)
		}
		id = d.add(words...)
		d.protos[n] = id
	}
	return id
}

// Add describes a program and gives its records.
func (d *Debug) Add(c *Code) (funcInfo, lineInfo []byte) {
	for _, f := range c.Funcs {
		proto := d.proto(f.Params)
		id := d.add(d.string(identifier(f.Name)), kindFunc<<24, proto) // vlen 0: static
		funcInfo = binary.NativeEndian.AppendUint32(funcInfo, uint32(f.Offset))
		funcInfo = binary.NativeEndian.AppendUint32(funcInfo, id)
	}
	starts := map[int]bool{}
	for _, f := range c.Funcs {
		starts[f.Offset] = true
	}
	var last source.Pos
	pos := 0
	for i, in := range c.Instructions {
		at := c.Spans[i].Start
		if starts[pos] && !at.IsValid() {
			at = c.nextPlace(i)
		}
		// The kernel wants a record where each function begins.
		if starts[pos] || at.IsValid() && (at.Line != last.Line || at.Filename != last.Filename) {
			last = at
			lineInfo = d.appendLine(lineInfo, pos, at)
		}
		pos += units(in)
	}
	return funcInfo, lineInfo
}

// nextPlace is the first place at or after an instruction.
func (c *Code) nextPlace(i int) source.Pos {
	for ; i < len(c.Spans); i++ {
		if c.Spans[i].IsValid() {
			return c.Spans[i].Start
		}
	}
	return source.Pos{}
}

func (d *Debug) appendLine(out []byte, insn int, at source.Pos) []byte {
	text := ""
	if at.IsValid() && d.line != nil {
		text = strings.ReplaceAll(d.line(at), "\x00", " ")
	}
	out = binary.NativeEndian.AppendUint32(out, uint32(insn))
	out = binary.NativeEndian.AppendUint32(out, d.string(at.Filename))
	out = binary.NativeEndian.AppendUint32(out, d.string(text))
	return binary.NativeEndian.AppendUint32(out, uint32(min(at.Line, maxLine)<<lineShift|min(at.Column, maxColumn)))
}

// BTF is the blob, for BPF_BTF_LOAD, in the machine's byte order.
func (d *Debug) BTF() []byte {
	out := make([]byte, 0, btfHeader+len(d.types)+len(d.strings))
	out = binary.NativeEndian.AppendUint16(out, btfMagic)
	out = append(out, 1, 0) // version, flags
	for _, w := range []int{btfHeader, 0, len(d.types), len(d.types), len(d.strings)} {
		out = binary.NativeEndian.AppendUint32(out, uint32(w))
	}
	return append(append(out, d.types...), d.strings...)
}

// identifier makes a name the kernel takes for a function's.
func identifier(name string) string {
	id := strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
	if id == "" || id[0] >= '0' && id[0] <= '9' {
		id = "_" + id
	}
	return id[:min(len(id), 127)]
}
