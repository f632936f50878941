package codegen_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"

	"sonde/codegen"
	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/lang/check/hosttest"
	"sonde/lang/feature"
	"sonde/runtime/feature/featuretest"
	"sonde/runtime/host"
)

// image is all of a plan that the kernel sees.
func image(t *testing.T, p *plan.Plan) string {
	var out strings.Builder
	for _, m := range p.Maps {
		fmt.Fprintf(&out, "map %+v\n", *m)
	}
	for _, e := range p.Events {
		fmt.Fprintf(&out, "event %s %v %s %v\n", e.Action, e.Urgent, e.Payload, e.Span)
	}
	for _, a := range p.Attach {
		fmt.Fprintf(&out, "attach %+v\n", *a)
	}
	for _, prog := range p.Programs {
		var code bytes.Buffer
		for _, in := range prog.Instructions {
			if _, err := in.Marshal(&code, binary.LittleEndian); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "%x %s\n", code.Bytes(), in.Reference())
			code.Reset()
		}
		fmt.Fprintf(&out, "%x %x\n", prog.FuncInfo, prog.LineInfo)
	}
	fmt.Fprintf(&out, "%x\n", p.BTF)
	return out.String()
}

// Compiling twice gives the same bytes; the order in which maps of the Go kind
// happen to be walked must not show.
func TestDeterministic(t *testing.T) {
	featuretest.NeedTime(t)
	for name, text := range scripts(t) {
		var first string
		for range 5 {
			p, ok := compile(t, name, text, hosttest.New(), codegen.Options{})
			if !ok {
				break
			}
			if got := image(t, p); first == "" {
				first = got
			} else if got != first {
				t.Errorf("%s: two compilations differ", name)
				break
			}
		}
	}
}

// big are scripts whose values do not fit the 512 bytes of stack.
func big() map[string]string {
	var vars, uses, strs, key []string
	for i := range 80 {
		vars = append(vars, fmt.Sprintf("$v%d = nsecs + %d;", i, i))
		uses = append(uses, fmt.Sprintf("@[%d] = $v%d;", i, i))
	}
	for i := range 8 {
		strs = append(strs, fmt.Sprintf("$s%d = str(arg0 + %d);", i, i))
		key = append(key, fmt.Sprintf("$s%d", i))
	}
	nums := strings.Split(strings.Repeat("nsecs ", 60), " ")[:60]
	format := strings.Repeat("%d ", 60)
	return map[string]string{
		"numbers":   "begin { " + strings.Join(vars, " ") + strings.Join(uses, " ") + " }",
		"strings":   "uprobe:/bin/sh:0x1000 { " + strings.Join(strs, " ") + " @[" + strings.Join(key, ",") + "] = count(); }",
		"arguments": "begin { printf(\"" + format + "\", " + strings.Join(nums, ", ") + "); }",
		"keys":      "begin { @[comm, comm, comm, comm, comm, comm, (comm, comm, (comm, comm))] = (comm, comm, comm, comm, comm); }",
		"loops": "begin { " + strings.Join(vars, " ") + " for ($kv : @) { " + strings.Join(uses, " ") +
			" for ($i : 0..pid) { $v3 += $i; } } @[$v3] = $v4; }",
	}
}

// A script never fails for the size of the stack.
func TestStack(t *testing.T) {
	var h check.Host = hosttest.New()
	root := os.Geteuid() == 0
	if root {
		h = host.New(host.Options{})
	}
	for name, text := range big() {
		t.Run(name, func(t *testing.T) {
			if root && strings.Contains(text, "for ($kv") {
				featuretest.Need(t, feature.ForEachMapElem)
			}
			p, ok := compile(t, name, text, h, codegen.Options{})
			if !ok {
				t.Fatal("does not compile")
			}
			if root {
				verify(t, text, p)
			}
		})
	}
}
