// Package btftest makes a small BTF with the kernel's best-known types, for
// tests that must run on any machine.
//
// The types have the kernel's names and shapes, but only a few members each, and
// offsets of their own. What is there is meant to meet every form that BTF has:
// see Kernel.
package btftest

import (
	"sync"

	"github.com/cilium/ebpf/btf"

	"sonde/lang/types"
	ours "sonde/lang/types/btf"
)

// Kernel gives the type information. Every call gives the same object.
var Kernel = sync.OnceValue(func() types.BTF {
	spec, err := ours.New(Raw(), nil)
	if err != nil {
		panic(err)
	}
	return spec
})

// Raw gives the same as bytes.
var Raw = sync.OnceValue(func() []byte {
	b, err := btf.NewBuilder(kernelTypes(), &btf.BuilderOptions{Deduplicate: true})
	if err != nil {
		panic(err)
	}
	raw, err := b.Marshal(nil, nil)
	if err != nil {
		panic(err)
	}
	return raw
})

func kernelTypes() []btf.Type {
	var (
		void   = &btf.Void{}
		char   = integer("char", 1, btf.Unsigned)
		boolT  = typedef("bool", integer("_Bool", 1, btf.Bool))
		intT   = integer("int", 4, btf.Signed)
		uint   = integer("unsigned int", 4, btf.Unsigned)
		long   = integer("long int", 8, btf.Signed)
		ulong  = integer("long unsigned int", 8, btf.Unsigned)
		short  = integer("short int", 2, btf.Signed)
		ushort = integer("short unsigned int", 2, btf.Unsigned)
		uchar  = integer("unsigned char", 1, btf.Unsigned)
		llong  = integer("long long int", 8, btf.Signed)
		ullong = integer("long long unsigned int", 8, btf.Unsigned)
		int128 = integer("__int128 unsigned", 16, btf.Unsigned)

		u8     = typedef("u8", typedef("__u8", uchar))
		u16    = typedef("u16", typedef("__u16", ushort))
		u32    = typedef("u32", typedef("__u32", uint))
		u64    = typedef("u64", typedef("__u64", ullong))
		s64    = typedef("s64", typedef("__s64", llong))
		be16   = typedef("__be16", u16)
		be32   = typedef("__be32", u32)
		size   = typedef("size_t", ulong)
		ssize  = typedef("ssize_t", long)
		loff   = typedef("loff_t", llong)
		pid    = typedef("pid_t", intT)
		umode  = typedef("umode_t", ushort)
		kuid   = typedef("kuid_t", structure("", m("val", uint)))
		kgid   = typedef("kgid_t", structure("", m("val", uint)))
		user   = func(t btf.Type) btf.Type { return ptr(&btf.TypeTag{Type: t, Value: "user"}) }
		constT = func(t btf.Type) btf.Type { return &btf.Const{Type: t} }
	)

	listHead := &btf.Struct{Name: "list_head"}
	define(listHead, m("next", ptr(listHead)), m("prev", ptr(listHead)))

	superBlock := structure("super_block", m("s_list", listHead), m("s_dev", u32), m("s_id", array(char, 32)))
	inode := structure("inode",
		m("i_mode", umode), m("i_uid", kuid), m("i_gid", kgid), m("i_sb", ptr(superBlock)),
		m("i_ino", ulong), m("i_size", loff))
	qstr := structure("qstr",
		m("", union("",
			m("", structure("", m("hash", u32), m("len", u32))),
			m("hash_len", u64))),
		m("name", ptr(constT(uchar))))
	dentry := &btf.Struct{Name: "dentry"}
	define(dentry,
		m("d_flags", uint), m("d_parent", ptr(dentry)), m("d_name", qstr), m("d_inode", ptr(inode)),
		m("d_iname", array(uchar, 40)))
	vfsmount := structure("vfsmount", m("mnt_root", ptr(dentry)), m("mnt_sb", ptr(superBlock)), m("mnt_flags", intT))
	path := structure("path", m("mnt", ptr(vfsmount)), m("dentry", ptr(dentry)))
	file := structure("file",
		m("f_mode", uint), m("f_flags", uint), m("f_inode", ptr(inode)), m("f_path", path), m("f_pos", loff))

	mm := &btf.Struct{Name: "mm_struct"}
	task := &btf.Struct{Name: "task_struct"}
	define(mm,
		m("", structure("",
			m("mmap_base", ulong), m("total_vm", ulong), m("start_code", ulong), m("arg_start", ulong),
			m("arg_end", ulong), m("owner", ptr(task)))),
		m("cpu_bitmap", array(ulong, 0)))
	cred := structure("cred",
		m("usage", u32), m("uid", kuid), m("gid", kgid), m("euid", kuid), m("egid", kgid))
	nsCommon := structure("ns_common", m("inum", uint))
	pidNS := structure("pid_namespace", m("level", uint), m("ns", nsCommon))
	upid := structure("upid", m("nr", intT), m("ns", ptr(pidNS)))
	pidT := structure("pid", m("count", u32), m("level", uint), m("numbers", array(upid, 1)))
	signal := structure("signal_struct", m("nr_threads", intT), m("group_exit_code", intT))
	nsproxy := structure("nsproxy", m("count", u32), m("pid_ns_for_children", ptr(pidNS)))
	define(task,
		m("thread_info", structure("thread_info", m("flags", ulong), m("status", u32), m("cpu", u32))),
		m("__state", uint), m("stack", ptr(void)), m("flags", uint), m("on_cpu", intT), m("prio", intT),
		m("static_prio", intT), m("tasks", listHead), m("mm", ptr(mm)), m("active_mm", ptr(mm)),
		m("exit_state", intT), m("exit_code", intT),
		bits("sched_reset_on_fork", uint, 1), bits("sched_contributes_to_load", uint, 1),
		bits("in_execve", uint, 1), bits("jobctl_kind", uint, 5), bits("signed_kind", intT, 4),
		m("pid", pid), m("tgid", pid), m("real_parent", ptr(task)), m("parent", ptr(task)),
		m("children", listHead), m("group_leader", ptr(task)), m("thread_pid", ptr(pidT)),
		m("utime", u64), m("stime", u64), m("start_time", u64), m("start_boottime", u64),
		m("real_cred", ptr(constT(cred))), m("cred", ptr(constT(cred))), m("comm", array(char, 16)),
		m("nsproxy", ptr(nsproxy)), m("signal", ptr(signal)), m("nr_cpus_allowed", intT),
		m("cpus_mask", structure("cpumask", m("bits", array(ulong, 2)))),
		m("clear_child_tid", user(intT)), m("numa_faults", array(array(uint, 3), 2)))

	in6 := structure("in6_addr", m("in6_u", union("",
		m("u6_addr8", array(u8, 16)), m("u6_addr16", array(be16, 8)), m("u6_addr32", array(be32, 4)))))
	sockCommon := structure("sock_common",
		m("", union("",
			m("skc_addrpair", u64),
			m("", structure("", m("skc_daddr", be32), m("skc_rcv_saddr", be32))))),
		m("", union("",
			m("skc_portpair", u32),
			m("", structure("", m("skc_dport", be16), m("skc_num", u16))))),
		m("skc_family", ushort), m("skc_state", &btf.Volatile{Type: uchar}),
		bits("skc_reuse", uchar, 4), bits("skc_reuseport", uchar, 1), bits("skc_ipv6only", uchar, 1),
		m("skc_bound_dev_if", intT), m("skc_v6_daddr", in6), m("skc_v6_rcv_saddr", in6))
	sock := structure("sock",
		m("__sk_common", sockCommon), m("sk_rcvbuf", intT), m("sk_protocol", u16), m("sk_err", intT))
	skBuff := structure("sk_buff",
		m("sk", ptr(sock)), m("len", uint), m("data_len", uint), m("cb", array(char, 48)), m("data", ptr(uchar)))
	request := structure("request",
		m("cmd_flags", u32), m("__data_len", uint), m("__sector", u64), m("start_time_ns", u64))
	binprm := structure("linux_binprm", m("file", ptr(file)), m("filename", ptr(constT(char))), m("argc", intT))
	ptRegs := structure("pt_regs", m("di", ulong), m("si", ulong), m("orig_ax", ulong), m("ip", ulong), m("sp", ulong))
	timespec := structure("__kernel_timespec", m("tv_sec", llong), m("tv_nsec", llong))
	seqFile := structure("seq_file", m("count", size), m("size", size))
	iterMeta := structure("bpf_iter_meta", m("seq", ptr(seqFile)), m("session_id", u64), m("seq_num", u64))
	vma := structure("vm_area_struct", m("vm_start", ulong), m("vm_end", ulong), m("vm_flags", ulong))
	iterators := []btf.Type{
		structure("bpf_iter__task_vma", m("meta", ptr(iterMeta)), m("task", ptr(task)), m("vma", ptr(vma))),
		structure("bpf_iter__task__safe_trusted", m("meta", ptr(iterMeta)), m("task", ptr(task))),
		function("bpf_iter_task", intT, m("meta", ptr(iterMeta)), m("task", ptr(task))),
		function("bpf_iter_task_file", intT, m("meta", ptr(iterMeta)), m("task", ptr(task)), m("fd", u32), m("file", ptr(file))),
		function("bpf_iter_task_vma", intT, m("meta", ptr(iterMeta)), m("task", ptr(task)), m("vma", ptr(vma))),
	}
	// Forms that are rare: a forward declaration, a 128-bit integer, a float, a
	// pointer to a function, nothing at all, a union with a name.
	odd := structure("odd_forms",
		m("later", ptr(&btf.Fwd{Name: "task_struct", Kind: btf.FwdStruct})),
		m("never", ptr(&btf.Fwd{Name: "defined_nowhere", Kind: btf.FwdStruct})),
		m("wide", int128), m("real", &btf.Float{Name: "double", Size: 8}),
		m("call", ptr(&btf.FuncProto{Return: intT, Params: params([]member{m("p", ptr(task))})})),
		m("u", union("sigval", m("sival_int", intT), m("sival_ptr", user(void)))),
		m("small", short), m("when", s64),
		m("mode", enum("hrtimer_mode", "HRTIMER_MODE_ABS", "HRTIMER_MODE_REL", "HRTIMER_MODE_PINNED")),
		m("flex", array(char, 0)))

	all := []btf.Type{
		size, ssize, odd, mm, task, file, vfsmount, sock, skBuff, request, binprm, ptRegs, timespec, iterMeta,
		structure("bpf_iter__task", m("meta", ptr(iterMeta)), m("task", ptr(task))),
		structure("bpf_iter__task_file", m("meta", ptr(iterMeta)), m("task", ptr(task)), m("fd", u32), m("file", ptr(file))),
		enum("pid_type", "PIDTYPE_PID", "PIDTYPE_TGID", "PIDTYPE_PGID", "PIDTYPE_SID"),
		&btf.Enum{Name: "nf_inet_hooks_signed", Size: 4, Signed: true, Values: []btf.EnumValue{
			{Name: "NF_LOW", Value: 0xffffffffffffffff}, {Name: "NF_ZERO", Value: 0}}},
		&btf.Enum{Name: "wide_flags", Size: 8, Values: []btf.EnumValue{
			{Name: "WIDE_ONE", Value: 1}, {Name: "WIDE_TOP", Value: 1 << 40}}},

		function("vfs_read", ssize, m("file", ptr(file)), m("buf", user(char)), m("count", size), m("pos", ptr(loff))),
		function("vfs_write", ssize, m("file", ptr(file)), m("buf", user(constT(char))), m("count", size), m("pos", ptr(loff))),
		function("vfs_open", intT, m("path", ptr(constT(path))), m("file", ptr(file))),
		function("tcp_connect", intT, m("sk", ptr(sock))),
		function("do_nanosleep", intT, m("t", ptr(void)), m("mode", u32)),
		function("many", intT, m("a", path), m("b", path), m("c", path), m("d", path), m("e", path), m("f", path), m("g", intT)),
		function("by_value", boolT, m("p", path), m("n", intT)),
		function("bpf_rdonly_cast", ptr(void), m("obj__ign", ptr(constT(void))), m("btf_id__k", u32)),
	}
	for _, tp := range [][]btf.Type{
		rawTracepoint("sched_switch", m("preempt", boolT), m("prev", ptr(task)), m("next", ptr(task)), m("prev_state", uint)),
		rawTracepoint("sched_wakeup", m("p", ptr(task))),
		rawTracepoint("sched_process_exec", m("p", ptr(task)), m("old_pid", pid), m("bprm", ptr(binprm))),
		rawTracepoint("sched_process_fork", m("parent", ptr(task)), m("child", ptr(task))),
		rawTracepoint("sched_process_exit", m("p", ptr(task))),
		rawTracepoint("sys_enter", m("regs", ptr(ptRegs)), m("id", long)),
		rawTracepoint("sys_exit", m("regs", ptr(ptRegs)), m("ret", long)),
		rawTracepoint("block_rq_issue", m("rq", ptr(request))),
	} {
		all = append(all, tp...)
	}
	all = append(all, iterators...)
	return append(all, function("path_put", void, m("path", ptr(constT(path)))))
}
