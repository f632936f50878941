package interp_test

import (
	"strings"
	"testing"

	"sonde/codegen/ssa"
	"sonde/codegen/ssa/interp"
)

func run(t *testing.T, text string) (uint64, *interp.Machine, error) {
	t.Helper()
	p, err := ssa.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	m := interp.New(1)
	m.FullEvery = 0
	m.Steps = 1000
	n, err := m.Run(p, []byte{1, 2, 3, 4, 5, 6, 7, 8})
	return n, m, err
}

func TestRun(t *testing.T) {
	n, m, err := run(t, `map m0 "m" key=8 value=8
map m1 "events"
func f(v0:ctx) {
	slot s0 8 align 8
	slot s1 8 align 8
b0:
	v1 = load32 [v0+4]
	v2:frame8 = frame s0+0
	v3:frame8 = frame s1+0
	storeimm64 [v2+0], 7
	store64 [v3+0], v1
	v4:mapptr = map m0
	v5 = const 0
	v6 = call map_update_elem(v4, v2, v3, v5)
	v7:mem8? = call map_lookup_elem(v4, v2)
	br eq v7, 0 -> b4, b1
b1:
	v8:mem8 = nonnull v7
	v9 = const 2
	atomicadd64 [v8+0], v9
	v10:mapptr = map m1
	v11 = const 4
	v12:rec4? = call ringbuf_reserve(v10, v11, v5)
	br eq v12, 0 -> b4, b2
b2:
	v13:rec4 = nonnull v12
	store16 [v13+0], v1
	call ringbuf_submit(v13, v9)
	jump b3(v5, v1)
b3(v14, v15):
	v16 = const 1
	v17 = add v14, v16
	br ult v17, 3 -> b3(v17, v17), b5(v15)
b4:
	ret v5
b5(v18):
	ret v18
}`)
	if err != nil || n != 2 {
		t.Errorf("got %d, %v", n, err)
	}
	want := "update m0[0700000000000000] = 0506070800000000\nsubmit 0506???? flags 2"
	if got := strings.Join(m.Log, "\n"); got != want {
		t.Errorf("log\n%s\nwant\n%s", got, want)
	}
	if got := strings.Join(m.Contents(), "\n"); got != "m0[0700000000000000] = 0706070800000000" {
		t.Errorf("contents %s", got)
	}
}

// TestErrors: what the kernel would not run, or would give garbage for.
func TestErrors(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"never written", "v2:frame8 = frame s0+0\nv3 = load32 [v2+4]\nret v3", "byte 4 of slot s0 of f is read and was never written"},
		{"beyond", "v2:frame8 = frame s0+0\nstoreimm32 [v2+6], 1\nret v1", "bytes 6 to 10 of slot s0 of f, which has 8"},
		{"nowhere", "v2:mem8 = addptr v0-4096\nv3 = load8 [v2+0]\nret v3", "no memory at"},
		{"for ever", "jump b1\nb1:\njump b1", "too many steps"},
		{"kept", "v2:mapptr = map m0\nv3 = const 8\nv4:rec8? = call ringbuf_reserve(v2, v3, v1)\nret v1", "never given back"},
	} {
		text := "map m0 \"m\"\nfunc f(v0:ctx) {\nslot s0 8 align 8\nb0:\nv1 = const 0\n" + c.body + "\n}"
		if _, _, err := run(t, text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}
