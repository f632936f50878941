package feature

import (
	"bytes"
	"regexp"
	"strconv"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"sonde/runtime/sys"
)

var limitInLog = regexp.MustCompile(`processed \d+ insns \(limit (\d+)\)`)

// InstructionLimit is how many instructions the verifier goes through for a program before it
// gives up, as it says itself; -1: it does not say, or there was no asking.
func InstructionLimit() int {
	log := make([]byte, 4096)
	// r0 = 0; exit
	code := []byte{0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0}
	fd, err := sys.LoadProgram(&sys.Program{Name: "limit", Type: uint32(ebpf.SocketFilter), License: "GPL", Code: code, Log: log})
	if err != nil {
		return -1
	}
	unix.Close(fd)
	m := limitInLog.FindSubmatch(bytes.TrimRight(log, "\x00"))
	if m == nil {
		return -1
	}
	n, err := strconv.Atoi(string(m[1]))
	if err != nil {
		return -1
	}
	return n
}
