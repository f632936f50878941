package sys

import (
	"unsafe"
)

// Program is a program to load. Code, the raw instructions, has its map
// references resolved to descriptors.
type Program struct {
	Name        string
	Type        uint32
	AttachType  uint32
	AttachBTFID uint32
	// AttachTo is the descriptor of the BPF program or of the module's BTF that
	// AttachBTFID is about; 0: the kernel proper's.
	AttachTo int
	License  string
	Code     []byte
	// BTF is the descriptor of the BTF that FuncInfo and LineInfo refer to; 0:
	// none of the three.
	BTF                int
	FuncInfo, LineInfo []byte
	// Log receives what the verifier has to say; nil: nothing.
	Log []byte
}

// Sizes of raw records, bytes.
const (
	insnSize     = 8
	funcInfoSize = 8
	lineInfoSize = 16
)

// LoadProgram verifies and loads a program (BPF_PROG_LOAD).
func LoadProgram(p *Program) (int, error) {
	license := append([]byte(p.License), 0)
	attr := struct {
		kind, insns       uint32
		code, license     unsafe.Pointer
		logLevel, logSize uint32
		log               unsafe.Pointer
		kernVersion       uint32
		flags             uint32
		name              [16]byte
		ifindex           uint32
		attachType        uint32
		btf               uint32
		funcRec           uint32
		funcs             unsafe.Pointer
		funcCount         uint32
		lineRec           uint32
		lines             unsafe.Pointer
		lineCount         uint32
		attachBTFID       uint32
		attachFD          uint32
		coreCount         uint32
	}{
		kind: p.Type, insns: uint32(len(p.Code) / insnSize), code: first(p.Code), license: first(license),
		name: name(p.Name), attachType: p.AttachType, attachBTFID: p.AttachBTFID, attachFD: uint32(p.AttachTo),
	}
	if p.Log != nil {
		attr.logLevel, attr.logSize, attr.log = 1, uint32(len(p.Log)), first(p.Log)
	}
	if p.BTF > 0 {
		attr.btf = uint32(p.BTF)
		if len(p.FuncInfo) > 0 {
			attr.funcRec, attr.funcs, attr.funcCount = funcInfoSize, first(p.FuncInfo), uint32(len(p.FuncInfo)/funcInfoSize)
		}
		if len(p.LineInfo) > 0 {
			attr.lineRec, attr.lines, attr.lineCount = lineInfoSize, first(p.LineInfo), uint32(len(p.LineInfo)/lineInfoSize)
		}
	}
	return bpf(cmdProgLoad, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

// LoadBTF hands BTF to the kernel (BPF_BTF_LOAD, kernel 4.18).
func LoadBTF(raw []byte) (int, error) {
	attr := struct {
		btf, log                unsafe.Pointer
		size, logSize, logLevel uint32
	}{btf: first(raw), size: uint32(len(raw))}
	return bpf(cmdBTFLoad, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

// RunProgram runs a loaded program once (BPF_PROG_TEST_RUN), on the calling
// thread, with ctx as its context, and gives its result. Raw tracepoint programs:
// kernel 5.10.
func RunProgram(fd int, ctx []byte) (uint32, error) {
	attr := struct {
		fd, result       uint32
		inSize, outSize  uint32
		in, out          unsafe.Pointer
		repeat, duration uint32
		ctxIn, ctxOut    uint32
		ctx, ctxRes      unsafe.Pointer
		flags, cpu       uint32
		batch            uint32
	}{fd: uint32(fd), ctxIn: uint32(len(ctx)), ctx: first(ctx)}
	_, err := bpf(cmdProgTestRun, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	return attr.result, err
}
