package feature

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"

	"sonde/runtime/sys"
)

const progSocketFilter = 1 // from enum bpf_prog_type

// isa4 loads a program of those instructions of the fourth version that code
// generation uses. Long jumps would prove nothing: stable kernels got them alone
// (6.1.176 has them).
func isa4(*Kernel) answer {
	type instruction struct {
		code   byte
		_      byte // registers: R0 and R0
		offset int16
		imm    int32
	}
	var code bytes.Buffer
	for _, in := range []instruction{
		{code: 0xb7, imm: 4},            // r0 = 4
		{code: 0xbf, offset: 8},         // r0 = (s8)r0
		{code: 0x37, offset: 1, imm: 2}, // r0 s/= 2
		{code: 0xd7, imm: 64},           // r0 = bswap64 r0
		{code: 0x95},                    // exit
	} {
		if err := binary.Write(&code, binary.NativeEndian, in); err != nil {
			return unknown
		}
	}
	fd, err := sys.LoadProgram(&sys.Program{
		Name: "has_isa4", Type: progSocketFilter, License: "GPL", Code: code.Bytes(),
	})
	if err != nil {
		return refused(err)
	}
	unix.Close(fd)
	return yes
}
