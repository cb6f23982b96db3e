//! Giving up what capturing needed, before the first packet is looked at (Linux).
//!
//! Packets come from anybody. Whoever finds a fault in what reads them should find nothing to use:
//! no other user's rights, no capability, no file, no network, no program to start.

use std::ffi::CString;
use std::path::PathBuf;

use caps::CapSet;
use landlock::{
    ABI, Access, AccessFs, AccessNet, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, Scope,
};
use nix::libc;
use nix::sys::prctl;
use nix::unistd::{User, initgroups, setgid, setuid};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

/// What is still needed afterwards.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    /// Go on as this user.
    pub user: Option<String>,
    /// Folders in which files are created and removed.
    pub written: Vec<PathBuf>,
    /// Files and folders that are opened for reading.
    pub read: Vec<PathBuf>,
    /// The terminal is drawn on: keys and signals come through pairs of sockets.
    pub terminal: bool,
}

/// Why privileges could not be given up. Each message is one sentence for the user.
#[derive(Debug, thiserror::Error)]
pub enum PrivilegeError {
    /// No such user.
    #[error("there is no user {0}: give --user a name of this host")]
    NoUser(String),
    /// The change of user failed.
    #[error("{user}: changing to this user failed ({reason}): only root can, or leave --user out")]
    User {
        /// The name.
        user: String,
        /// What the system says.
        reason: String,
    },
    /// The capabilities are still there.
    #[error("the capabilities of this program cannot be given up ({0}): run it as another user")]
    Capabilities(String),
}

/// Gives up all privileges but `needs`, for this thread and all that it starts later.
///
/// User and capabilities must go: failing that is an error. The sandbox is as tight as the kernel
/// allows, down to none.
pub fn give_up(needs: &Needs) -> Result<(), PrivilegeError> {
    if let Some(user) = &needs.user {
        become_user(user)?;
    }
    clear_capabilities()?;
    // The sandbox is a second line: an old kernel has no part of it.
    let _ = prctl::set_no_new_privs();
    let _ = restrict_files(needs);
    let _ = restrict_calls(needs);
    Ok(())
}

fn become_user(name: &str) -> Result<(), PrivilegeError> {
    let missing = || PrivilegeError::NoUser(name.to_owned());
    let user = User::from_name(name).ok().flatten().ok_or_else(missing)?;
    let c_name = CString::new(name).map_err(|_| missing())?;
    // Groups first: afterwards there is no right to change them.
    initgroups(&c_name, user.gid)
        .and_then(|()| setgid(user.gid))
        .and_then(|()| setuid(user.uid))
        .map_err(|error| PrivilegeError::User { user: name.to_owned(), reason: error.to_string() })
}

fn clear_capabilities() -> Result<(), PrivilegeError> {
    // The bounding set can be emptied only by those with CAP_SETPCAP; without capabilities and with
    // no_new_privs it means nothing.
    let _ = caps::clear(None, CapSet::Bounding);
    let _ = caps::clear(None, CapSet::Ambient);
    [CapSet::Inheritable, CapSet::Effective, CapSet::Permitted]
        .into_iter()
        .try_for_each(|set| caps::clear(None, set))
        .map_err(|error| PrivilegeError::Capabilities(error.to_string()))
}

/// Landlock: no file but those needed, no network, no signal to other programs.
fn restrict_files(needs: &Needs) -> Result<(), landlock::RulesetError> {
    const LATEST: ABI = ABI::V6;
    let read = AccessFs::from_read(LATEST) & !AccessFs::Execute;
    let write = AccessFs::WriteFile | AccessFs::MakeReg | AccessFs::RemoveFile | AccessFs::Truncate;
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(LATEST))?
        .handle_access(AccessNet::from_all(LATEST))?
        .scope(Scope::from_all(LATEST))?
        .create()?;
    let allowed = [(&needs.read, read), (&needs.written, write | read)];
    for (paths, access) in allowed {
        for path in paths.iter().filter_map(|path| PathFd::new(path).ok()) {
            rules = rules.add_rule(PathBeneath::new(path, access))?;
        }
    }
    if needs.terminal
        && let Ok(terminal) = PathFd::new("/dev/tty")
    {
        let access = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev;
        rules = rules.add_rule(PathBeneath::new(terminal, access))?;
    }
    rules.restrict_self()?;
    Ok(())
}

/// Seccomp: nothing that starts programs, opens sockets, or reaches into the kernel or others.
fn restrict_calls(needs: &Needs) -> Result<(), seccompiler::Error> {
    const DENIED: &[i64] = &[
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_socket,
        libc::SYS_bind,
        libc::SYS_connect,
        libc::SYS_listen,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_io_uring_setup,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_setns,
        libc::SYS_unshare,
        libc::SYS_open_by_handle_at,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_kexec_load,
        libc::SYS_swapon,
        libc::SYS_reboot,
    ];
    let pairs = (!needs.terminal).then_some(&libc::SYS_socketpair);
    let rules = DENIED.iter().chain(pairs).map(|call| (*call, Vec::new())).collect();
    let denied = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    let architecture = std::env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, denied, architecture)?;
    let program: BpfProgram = filter.try_into()?;
    seccompiler::apply_filter(&program)
}
