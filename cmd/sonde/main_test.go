package main

import (
	"strings"
	"testing"

	"sonde/lang/arch"
)

func TestSupported(t *testing.T) {
	for _, name := range arch.Names() {
		if err := supported(name); err != nil {
			t.Error(err)
		}
	}
	if err := supported("s390x"); err == nil || !strings.Contains(err.Error(), "s390x") || !strings.Contains(err.Error(), "amd64") {
		t.Errorf("s390x, which is big-endian: %v", err)
	}
}
