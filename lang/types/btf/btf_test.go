package btf_test

import (
	"fmt"
	"strings"
	"testing"

	"sonde/lang/types"
	"sonde/lang/types/btf"
	"sonde/lang/types/btftest"
)
func TestX(t *testing.T) { fmt.Println(btftest.Kernel().Names("struct")); s:=btftest.Kernel().Struct("struct","task_struct"); for _,f:=range s.Fields() { fmt.Println(f) }; fmt.Println(btftest.Kernel().RawTracepoint("sched_switch")); _=btf.New; _=strings.Cut; _=types.Void{}
 for _,f:=range btftest.Kernel().Struct("struct","odd_forms").Fields() { fmt.Println(f) } 
}
