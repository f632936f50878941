package emit_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"

	"sonde/codegen/alloc"
	"sonde/codegen/emit"
	"sonde/codegen/ssa"
	"sonde/lang/source"
	"sonde/runtime/sys"
)

// described builds a function of three lines of script, the last of which the
// verifier refuses if bad.
func described(t *testing.T, bad bool) (*emit.Code, *emit.Debug) {
	file := source.NewFile("slow.bt", "tracepoint:x\n{\n  $a = args.id;\n  $b = $a / 2;\n}\n")
	f := ssa.NewFunc("tracepoint:x")
	b := ssa.NewBuilder(f, ssa.Type{Kind: ssa.Ctx})
	b.Span = file.Span(17, 29)
	a := b.Load(64, f.Blocks[0].Params[0], 8)
	b.Span = file.Span(33, 44)
	two := b.Const(2)
	x := b.Bin(ssa.OpUDiv, a, two)
	if bad {
		x = b.Load(64, x, 0) // through a number
	}
	b.Return(x)
	p := &ssa.Program{Name: "x", Funcs: []*ssa.Func{f}}
	code, _, err := compile(p, alloc.Allocate, emit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return code, emit.NewDebug(func(at source.Pos) string { return file.Line(at.Line) })
}

func TestDebugRecords(t *testing.T) {
	code, d := described(t, false)
	funcs, lines := d.Add(code)
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(d.BTF()))
	if err != nil {
		t.Fatal(err)
	}
	infos, err := btf.LoadFuncInfos(bytes.NewReader(funcs), binary.NativeEndian, uint32(len(funcs)/8), spec)
	if err != nil || len(infos) != 1 || infos[0].Func.Name != "tracepoint_x" {
		t.Errorf("functions %v, %v", infos, err)
	}
	places, err := btf.LoadLineInfos(bytes.NewReader(lines), binary.NativeEndian, uint32(len(lines)/16), spec)
	if err != nil || len(places) != 2 {
		t.Fatalf("lines %v, %v", places, err)
	}
	if l := places[1].Line; l.FileName() != "slow.bt" || l.LineNumber() != 4 || l.LineColumn() != 3 || l.Line() != "  $b = $a / 2;" {
		t.Errorf("second line: %s:%d:%d %q", l.FileName(), l.LineNumber(), l.LineColumn(), l.Line())
	}
}

// TestDebugKernel has the verifier refuse a program, and looks for the script's
// line in what it says.
func TestDebugKernel(t *testing.T) {
	needRoot(t)
	for _, bad := range []bool{false, true} {
		code, d := described(t, bad)
		prog := sys.Program{Name: "x", Type: uint32(ebpf.RawTracepoint), License: "GPL", Log: make([]byte, 1<<16)}
		prog.FuncInfo, prog.LineInfo = d.Add(code)
		var raw bytes.Buffer
		if err := code.Instructions.Marshal(&raw, binary.LittleEndian); err != nil {
			t.Fatal(err)
		}
		prog.Code = raw.Bytes()
		fd, err := sys.LoadBTF(d.BTF())
		if err != nil {
			t.Fatalf("BTF: %v", err)
		}
		defer unix.Close(fd)
		prog.BTF = fd
		p, err := sys.LoadProgram(&prog)
		if err == nil {
			unix.Close(p)
		}
		log, _, _ := strings.Cut(string(prog.Log), "\x00")
		if (err != nil) != bad {
			t.Fatalf("%v: %s", err, log)
		}
		if !bad {
			continue // a program that loads leaves no log at this level
		}
		if !strings.Contains(log, "; $b = $a / 2;") {
			t.Errorf("the log does not show the line:\n%s", log)
		}
		if strings.Contains(log, " @ ") && !strings.Contains(log, "@ slow.bt:4") {
			t.Errorf("the log does not show file and line:\n%s", log)
		}
	}
}
