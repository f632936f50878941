package emit_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"sonde/codegen/alloc"
	"sonde/codegen/emit"
	"sonde/codegen/ssa"
	"sonde/lang/feature"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden is a case of testdata/asm: a comment with the directives "insns <= N"
// (required), "isa 4" and "needs FEATURE…" (of the kernel that runs it), the SSA in, and what the real allocator and emission
// make of it.
type golden struct {
	path    string
	archive *txtar.Archive
	limit   int
	opt     emit.Options
	needs   []*feature.Feature
}

var (
	limitRE = regexp.MustCompile(`(?m)^insns <= (\d+)$`)
	needsRE = regexp.MustCompile(`(?m)^needs (.+)$`)
)

func goldens(t *testing.T) []golden {
	paths, err := filepath.Glob("../../testdata/asm/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	var all []golden
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		g := golden{path: path, archive: a}
		m := limitRE.FindStringSubmatch(string(a.Comment))
		if m == nil {
			t.Fatalf("%s: no insns <= N", path)
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
					t.Fatalf("%s: no feature %s", path, name)
				}
				g.needs = append(g.needs, f)
			}
		}
		all = append(all, g)
	}
	return all
}

func (g *golden) name() string { return strings.TrimSuffix(filepath.Base(g.path), ".txtar") }

func (g *golden) file(name string) string {
	for _, f := range g.archive.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

func (g *golden) set(name, text string) {
	for i, f := range g.archive.Files {
		if f.Name == name {
			g.archive.Files[i].Data = []byte(text)
			return
		}
	}
	g.archive.Files = append(g.archive.Files, txtar.File{Name: name, Data: []byte(text)})
}

func (g *golden) program(t *testing.T) *ssa.Program {
	p, err := ssa.Parse(g.file("ssa"))
	if err != nil {
		t.Fatalf("%s: %v", g.path, err)
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
	for _, g := range goldens(t) {
		t.Run(g.name(), func(t *testing.T) {
			p := g.program(t)
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
			got := map[string]string{"alloc": allocated.String(), "asm": text.String()}
			for _, name := range []string{"alloc", "asm"} {
				if *update {
					g.set(name, got[name])
				} else if want := g.file(name); got[name] != want {
					t.Errorf("%s: got\n%s\nwant\n%s", name, got[name], want)
				}
			}
			if *update {
				if err := os.WriteFile(g.path, txtar.Format(g.archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			again, _, err := compile(g.program(t), alloc.Allocate, g.opt)
			if err != nil || fmt.Sprint(again.Instructions) != fmt.Sprint(code.Instructions) {
				t.Error("compiling twice gives different code")
			}
		})
	}
}
