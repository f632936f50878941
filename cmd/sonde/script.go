package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

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

// cause is an error without the operation and path that the caller says itself, in
// the C library's spelling, which scripts look for.
func cause(err error) error {
	var number syscall.Errno
	if !errors.As(err, &number) {
		return err
	}
	text := number.Error()
	return errors.New(strings.ToUpper(text[:1]) + text[1:])
}
