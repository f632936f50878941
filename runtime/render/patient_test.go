package render

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
)

// TestPatient: nothing is lost while somebody reads, however slowly; who stands still is
// waited for until there is a hurry, and then no longer.
func TestPatient(t *testing.T) {
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	p := NewPatient(ctx, w)
	text := bytes.Repeat([]byte("0123456789abcdef"), 3*partSize/16)
	got := make(chan []byte)
	go func() {
		all := make([]byte, len(text))
		_, err := io.ReadFull(r, all)
		if err != nil {
			t.Error(err)
		}
		got <- all
	}()
	if n, err := p.Write(text); n != len(text) || err != nil {
		t.Fatal(n, err)
	}
	if !bytes.Equal(<-got, text) {
		t.Error("other bytes came out")
	}
	// Now nobody reads.
	failed := make(chan error)
	go func() {
		_, err := p.Write(text)
		failed <- err
	}()
	select {
	case err := <-failed:
		t.Fatalf("it gave up without being told to hurry: %v", err)
	default:
	}
	cancel()
	if err := <-failed; !errors.Is(err, ErrNoReader) {
		t.Errorf("got %v", err)
	}
	if n, err := p.Write(text); n != 0 || !errors.Is(err, ErrNoReader) {
		t.Errorf("after that got %d, %v", n, err)
	}
	// A part may be on its way; what was given up is not.
	r.CloseWithError(nil)
	if rest, err := io.ReadAll(r); err == nil && len(rest) > partSize {
		t.Errorf("%d bytes came out late", len(rest))
	}
}

// TestPatientError: errors of the writer below come through.
func TestPatientError(t *testing.T) {
	r, w := io.Pipe()
	r.CloseWithError(io.ErrShortBuffer)
	if n, err := NewPatient(context.Background(), w).Write([]byte("x")); n != 0 || !errors.Is(err, io.ErrShortBuffer) {
		t.Errorf("got %d, %v", n, err)
	}
}
