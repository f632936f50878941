package stdlib

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestParity: each item of docs/parity.md that is done names tests, and there are such.
func TestParity(t *testing.T) {
	tests := testFuncs(t)
	text, err := os.ReadFile("../docs/parity.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`^\| ([A-Z]\d\d) \|.*\| (\S+) \|(.*)\|$`)
	name := regexp.MustCompile(`\b((?:Test|Fuzz)[A-Z]\w*)((?:/\w+)*)`)
	rows := 0
	for line := range strings.Lines(string(text)) {
		m := row.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		rows++
		id, state, shown := m[1], m[2], m[3]
		found := name.FindAllStringSubmatch(shown, -1)
		if state == "y" && len(found) == 0 {
			t.Errorf("%s is done, but names no test:%s", id, shown)
		}
		for _, f := range found {
			if !tests[f[1]] {
				t.Errorf("%s: there is no %s", id, f[1])
			}
			if f[1] == "TestCases" && f[2] != "" && !isCase(f[2]) {
				t.Errorf("%s: testdata/run/tool has no case%s", id, f[2])
			}
		}
	}
	if rows < 200 {
		t.Errorf("only %d items found", rows)
	}
}

// testFuncs are the names of all tests of the module.
func testFuncs(t *testing.T) map[string]bool {
	names := map[string]bool{}
	decl := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range decl.FindAllSubmatch(text, -1) {
			names[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// isCase tells whether /archive or /archive/case names what TestCases runs.
func isCase(path string) bool {
	archive, name, one := strings.Cut(path[1:], "/")
	text, err := os.ReadFile("../testdata/run/tool/" + archive + ".txtar")
	return err == nil && (!one || strings.Contains(string(text), "\n-- "+name+".bt --\n"))
}
