// Package codegentest finds scripts for tests of the back end.
//
// Comes in: nothing; it reads the repository's files. Goes out: the text of every
// script of the golden files and examples, also of those that the checker refuses.
package codegentest

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// Scripts gives the scripts in testdata, examples and the seeds of fuzz targets, by
// names that say where they are from.
func Scripts(t testing.TB) map[string]string {
	t.Helper()
	root, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	s := &collection{root: root, scripts: map[string]string{}}
	for _, dir := range []string{"testdata", "examples", "codegen/testdata", "lang/parse/testdata"} {
		if err := filepath.WalkDir(filepath.Join(root, dir), s.file); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.scripts) < 100 {
		t.Fatalf("only %d scripts below %s", len(s.scripts), root)
	}
	return s.scripts
}

// repository finds the folder with go.mod, from that of the test up.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no go.mod: %w", fs.ErrNotExist)
		}
	}
}

type collection struct {
	root    string
	scripts map[string]string
}

// file adds the scripts in a file: a whole one, or, below testdata/check, several
// between lines of ---; the members of an archive whose names end in .bt; a string of
// Go's fuzzing.
func (s *collection) file(path string, d fs.DirEntry, err error) error {
	if err != nil || d.IsDir() {
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	name, err := filepath.Rel(s.root, path)
	if err != nil {
		return err
	}
	switch {
	case strings.HasSuffix(path, ".bt"):
		chunks := strings.Split(string(data), "\n---\n")
		for i, c := range chunks {
			if len(chunks) > 1 {
				s.scripts[fmt.Sprintf("%s/%d", name, i+1)] = c
			} else {
				s.scripts[name] = c
			}
		}
	case strings.HasSuffix(path, ".txtar"):
		for _, f := range txtar.Parse(data).Files {
			if strings.HasSuffix(f.Name, ".bt") {
				s.scripts[name+"/"+f.Name] = string(f.Data)
			}
		}
	case bytes.HasPrefix(data, []byte("go test fuzz v1\nstring(")):
		text := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(string(data)), "go test fuzz v1\nstring("), ")")
		script, err := strconv.Unquote(text)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		s.scripts[name] = script
	}
	return nil
}
