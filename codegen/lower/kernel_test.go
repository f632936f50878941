package lower_test

import "sonde/lang/types"

// kernelTypes adds the functions that programs may call to a machine's types.
type kernelTypes struct{ types.BTF }

var kernelFuncs = map[string]uint32{
	"bpf_rdonly_cast": 9001, "bpf_iter_num_new": 9002, "bpf_iter_num_next": 9003, "bpf_iter_num_destroy": 9004,
	"bpf_map_sum_elem_count": 9005,
}

// Func implements types.BTF.
func (k kernelTypes) Func(module, name string) (*types.Func, bool) {
	if id := kernelFuncs[name]; id != 0 {
		return &types.Func{Name: name, ID: id}, true
	}
	return k.BTF.Func(module, name)
}
