// File modes (sys/stat.h) and attributes as stat(2) reports them, before an ABI packs them.

export const S_IFMT = 0o170000;
export const S_IFIFO = 0o010000;
export const S_IFCHR = 0o020000;
export const S_IFDIR = 0o040000;
export const S_IFBLK = 0o060000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
export const S_IFSOCK = 0o140000;

/** Times in ns since 1970. */
export interface stat {
  st_dev: number;
  st_ino: number;
  st_mode: number;
  st_nlink: number;
  st_uid: number;
  st_gid: number;
  st_rdev: number;
  st_atim: number;
  st_mtim: number;
  st_ctim: number;
  st_birthtim: number;
  st_size: number;
  /** Units of 512 bytes. */
  st_blocks: number;
  st_blksize: number;
}

/** An open file without a name has these attributes (fs/anon_inodes.c). */
export function anon_stat(): stat {
  return {
    st_dev: 0,
    st_ino: 1,
    st_mode: 0o600,
    st_nlink: 1,
    st_uid: 0,
    st_gid: 0,
    st_rdev: 0,
    st_atim: 0,
    st_mtim: 0,
    st_ctim: 0,
    st_birthtim: 0,
    st_size: 0,
    st_blocks: 0,
    st_blksize: 4096,
  };
}
