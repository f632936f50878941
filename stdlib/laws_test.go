package stdlib

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sonde/lang/arch"
)

// layers says what the packages below a path may import of the project; the first
// row that matches a package counts. Rows are in the order in which a script
// passes through.
var layers = []struct{ path, may string }{
	{"lang/source", ""},
	{"lang/arch", ""},
	{"lang/feature", ""},
	{"lang/config", "lang/source"},
	{"lang/ast", "lang/source"},
	{"lang/parse", "lang/source lang/ast"},
	{"lang/types", "lang/types"},
	{"lang/check", "lang"},
	{"codegen/plan", "lang/source lang/config lang/types"},
	{"codegen/ssa", "lang/source codegen/ssa"},
	{"codegen/opt", "codegen/ssa"},
	{"codegen/alloc", "lang/source codegen/ssa"},
	{"codegen/emit", "lang/source lang/feature codegen/ssa codegen/alloc codegen/emit"},
	{"codegen", "lang codegen"},
	// The host answers the checker, and what it asks is for those who ask it.
	{"runtime/host", "lang runtime"},
	{"runtime/feature/featuretest", "lang/feature lang/types runtime/feature runtime/host"},
	{"runtime/feature", "lang/feature lang/types runtime/sys"},
	{"runtime", "codegen/plan lang/source lang/types runtime"},
	{"stdlib", "lang codegen/lower codegen/plan codegen/ssa runtime/event stdlib"},
	{"cmd", "lang codegen runtime stdlib cmd"},
}

// TestImportDirection checks that layers import only what they stand on.
func TestImportDirection(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the program go")
	}
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "sonde/...").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		for _, imported := range words[1:] {
			if rel, ok := strings.CutPrefix(imported, "sonde/"); ok {
				checkImport(t, strings.TrimPrefix(words[0], "sonde/"), rel)
			}
		}
	}
}

func checkImport(t *testing.T, pkg, imported string) {
	for _, l := range layers {
		if !below(pkg, l.path) {
			continue
		}
		if !slices.ContainsFunc(strings.Fields(l.may), func(may string) bool { return below(imported, may) }) {
			t.Errorf("%s imports %s; packages below %s may import: %s", pkg, imported, l.path, l.may)
		}
		return
	}
	t.Errorf("%s belongs to no layer", pkg)
}

func below(pkg, path string) bool { return pkg == path || strings.HasPrefix(pkg, path+"/") }

// ordinary are names of records that are words of a layer's own as well: of the
// grammar, of the kernel's files, of the printed form of code.
var ordinary = []struct{ path, words, why string }{
	{"lang", "sizeof offsetof typeinfo", "keywords of the grammar: their arguments are types"},
	{"lang", "func rawtracepoint", "kinds of names that type information lists"},
	{"lang/config", "strlen", "the old name of a setting"},
	{"lang/parse", "end", "a token, in a table of phrases"},
	{"lang/parse", "config", "a keyword of the grammar, in front of settings"},
	{"lang/check", "end", "the upper bound of a range, in a message"},
	{"lang/feature", "strncmp fentry iter kprobe watchpoint", "a helper and kinds of programs, by the kernel's names"},
	{"codegen", "func ctx args zero exit bswap kfunc", "words of the printed form of code"},
	{"codegen/lower", "pid", "a member of struct task_struct"},
	{"runtime/feature", "watchpoint", "the name of a program that tests a feature"},
	{"runtime/attach", "uprobe kprobe", "folders of /sys/bus/event_source"},
	{"runtime/host", "rawtracepoint kprobe", "a kind of names that type information lists, and a folder of /sys/bus/event_source"},
	{"runtime", "count test time", "words of messages"},
}

func isOrdinary(path, word string) bool {
	for _, o := range ordinary {
		if below(path, o.path) && slices.Contains(strings.Fields(o.words), word) {
			return true
		}
	}
	return false
}

// TestNoVocabularyInLayers checks that the layers know no name of a builtin,
// aggregation or probe type: no string in them is one. What a record means must
// stand in its file.
func TestNoVocabularyInLayers(t *testing.T) {
	names := map[string]bool{}
	l := Default()
	for _, kind := range []string{"func", "provider"} {
		for _, name := range l.Names(kind) {
			names[name] = len(name) > 1
		}
	}
	for _, dir := range []string{"lang", "codegen", "runtime"} {
		err := filepath.WalkDir(filepath.Join("..", dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			if strings.Contains(path, "test"+string(filepath.Separator)) {
				return nil // packages that are for tests
			}
			for _, s := range literals(t, path) {
				if names[s.text] && !isOrdinary(filepath.ToSlash(strings.TrimPrefix(path, "../")), s.text) {
					t.Errorf("%s: %q is a name of the vocabulary", s.at, s.text)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestProcessorsInOnePlace checks that no other package knows a processor by name:
// what depends on it is a field of its record.
func TestProcessorsInOnePlace(t *testing.T) {
	records := filepath.Join("..", "lang", "arch")
	for _, dir := range []string{"cmd", "lang", "codegen", "runtime", "stdlib"} {
		err := filepath.WalkDir(filepath.Join("..", dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
				filepath.Dir(path) == records || strings.Contains(path, "test"+string(filepath.Separator)) {
				return err
			}
			for _, s := range literals(t, path) {
				if slices.Contains(arch.Names(), s.text) {
					t.Errorf("%s: %q is a processor: see package arch", s.at, s.text)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

type literal struct{ at, text string }

// literals lists the strings in a Go file, but for struct other and imports.
func literals(t *testing.T, path string) (found []literal) {
	t.Helper()
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	other := map[*ast.BasicLit]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			other[n.Path] = true
		case *ast.Field:
			other[n.Tag] = true
		case *ast.BasicLit:
			if n.Kind == token.STRING && !other[n] {
				if text, err := strconv.Unquote(n.Value); err == nil {
					found = append(found, literal{fmt.Sprint(set.Position(n.Pos())), text})
				}
			}
		}
		return true
	})
	return found
}
