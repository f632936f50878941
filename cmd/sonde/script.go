package main

import (
	"fmt"
	"io"
	"os"

	"sonde/lang/source"
)

// maxScript bounds a script's size in bytes: more is no script but a mistake.
const maxScript = 16 << 20

// readScript gives the program that the command line names.
func readScript(a *arguments) (*source.File, error) {
	switch {
	case a.programSet:
		return source.NewFile("stdin", a.program), nil
	case a.file == "-":
		return readAll("stdin", os.Stdin)
	case a.list && a.file == "":
		return readFile(a.search)
	case a.file == "":
		return nil, usageError{"filename or -e 'program' required."}
	}
	return readFile(a.file)
}

func readFile(name string) (*source.File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("failed to open file '%s': %w", name, cause(err))
	}
	defer f.Close()
	return readAll(name, f)
}

func readAll(name string, r io.Reader) (*source.File, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxScript+1))
	if err != nil {
		return nil, fmt.Errorf("failed to read '%s': %w", name, cause(err))
	}
	if len(text) > maxScript {
		return nil, fmt.Errorf("'%s' is larger than %d MB: that is no script", name, maxScript>>20)
	}
	return source.NewFile(name, string(text)), nil
}

// cause is an error without the operation and path that the caller says itself.
func cause(err error) error {
	if pe, ok := err.(*os.PathError); ok {
		return pe.Err
	}
	return err
}
