// Package golden compares what tests find out with the archives in testdata.
//
// Comes in: archives (golang.org/x/tools/txtar) and what a test makes of their files.
// Goes out: a failure for each file that says something else. Guaranteed: with -update
// the archives say afterwards what was found; their order and what no test asked about
// stay as they are, and the archive of a test that failed otherwise is left alone.
package golden

import (
	"flag"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Update tells whether golden files are to be rewritten.
func Update() bool { return *update }

// Archive is an archive that a test reads and compares with.
type Archive struct {
	txtar.Archive
	// Name is the file's, without folder and extension.
	Name string
	// at is the file that was asked for last: what is new belongs behind it.
	at int
}

// Archives plays each archive whose path matches glob, in a subtest of its own. It fails
// when there is none.
func Archives(t *testing.T, glob string, play func(t *testing.T, a *Archive)) {
	t.Helper()
	paths, err := filepath.Glob(glob)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no archives match %s: %v", glob, err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		name = strings.TrimSuffix(name, filepath.Ext(name))
		t.Run(name, func(t *testing.T) {
			read, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			a := &Archive{Archive: *read, Name: name}
			play(t, a)
			if !*update || t.Failed() || t.Skipped() {
				return
			}
			if err := os.WriteFile(path, txtar.Format(&a.Archive), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Scripts gives the files NAME.bt, by NAME.
func (a *Archive) Scripts() iter.Seq2[string, string] {
	return func(yield func(name, text string) bool) {
		// Files come in behind the scripts meanwhile.
		for i := 0; i < len(a.Files); i++ {
			name, ok := strings.CutSuffix(a.Files[i].Name, ".bt")
			if !ok {
				continue
			}
			a.at = i
			if !yield(name, string(a.Files[i].Data)) {
				return
			}
		}
	}
}

// Text is what a file says; empty when there is none of that name.
func (a *Archive) Text(name string) string {
	if i := a.index(name); i >= 0 {
		return string(a.Files[i].Data)
	}
	return ""
}

// Expect compares what was found with what the file of that name says.
func (a *Archive) Expect(t testing.TB, name, got string) {
	t.Helper()
	i := a.index(name)
	switch {
	case *update && i < 0:
		a.at++
		a.Files = slices.Insert(a.Files, a.at, txtar.File{Name: name, Data: []byte(got)})
	case *update:
		a.at = i
		a.Files[i].Data = []byte(got)
	case i < 0:
		t.Errorf("%s has no file %s to compare with; -update adds it:\n%s", a.Name, name, got)
	case got != string(a.Files[i].Data):
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, a.Files[i].Data)
	}
}

func (a *Archive) index(name string) int {
	return slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == name })
}
