package emit_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"sonde/codegen/alloc"
	"sonde/codegen/emit"
	"sonde/codegen/ssa"
	"sonde/lang/feature"
	"sonde/lang/source/golden"
)

// program is a case of testdata/asm: a comment with the directives "insns <= N"
// (required), "isa 4" and "needs FEATURE…" (of the kernel that runs it), the SSA in, and
// what the real allocator and emission make of it.
type program struct {
	*golden.Archive
	limit int
	opt   emit.Options
	needs []*feature.Feature
}

var (
	limitRE = regexp.MustCompile(`(?m)^insns <= (\d+)$`)
	needsRE = regexp.MustCompile(`(?m)^needs (.+)$`)
)

// programs plays the cases, each in a subtest of its name.
func programs(t *testing.T, play func(t *testing.T, g *program)) {
	t.Helper()
	golden.Archives(t, "../../testdata/asm/*.txtar", func(t *testing.T, a *golden.Archive) {
		g := &program{Archive: a}
		m := limitRE.FindStringSubmatch(string(a.Comment))
		if m == nil {
			t.Fatal("no insns <= N")
		}
		g.limit, _ = strconv.Atoi(m[1])
		if strings.Contains(string(a.Comment), "\nisa 4\n") {
			g.opt.Features = feature.Only{feature.ISAv4: true}
			g.needs = append(g.needs, feature.ISAv4)
		}
		if m := needsRE.FindStringSubmatch(string(a.Comment)); m != nil {
			for _, name := range strings.Fields(m[1]) {
				f := feature.Named(name)
				if f == nil {
					t.Fatalf("no feature %s", name)
				}
				g.needs = append(g.needs, f)
			}
		}
		play(t, g)
	})
}

func (g *program) parse(t *testing.T) *ssa.Program {
	t.Helper()
	p, err := ssa.Parse(g.Text("ssa"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type allocator func(*ssa.Func) (*alloc.Result, error)

// compile allocates and emits.
func compile(p *ssa.Program, allocate allocator, opt emit.Options) (*emit.Code, []*alloc.Result, error) {
	var funcs []*alloc.Result
	for _, f := range p.Funcs {
		r, err := allocate(f)
		if err != nil {
			return nil, nil, err
		}
		funcs = append(funcs, r)
	}
	code, err := emit.Program(p, funcs, opt)
	return code, funcs, err
}

func TestGolden(t *testing.T) {
	programs(t, func(t *testing.T, g *program) {
		p := g.parse(t)
		if diags := ssa.Verify(p); diags != nil {
			t.Fatalf("input does not verify: %v", diags)
		}
		code, funcs, err := compile(p, alloc.Allocate, g.opt)
		if err != nil {
			t.Fatal(err)
		}
		var allocated, text strings.Builder
		for _, f := range funcs {
			f.Print(&allocated)
		}
		code.Print(&text, nil)
		if n := code.Count(); n > g.limit {
			t.Errorf("%d instructions, the limit is %d", n, g.limit)
		}
		g.Expect(t, "alloc", allocated.String())
		g.Expect(t, "asm", text.String())
		again, _, err := compile(g.parse(t), alloc.Allocate, g.opt)
		if err != nil || fmt.Sprint(again.Instructions) != fmt.Sprint(code.Instructions) {
			t.Error("compiling twice gives different code")
		}
	})
}
