// Credentials (sys/ucred.h). A ucred is never changed once it is in use: setuid and its kind give
// the process a new one.

export interface ucred {
  cr_uid: number;
  cr_ruid: number;
  cr_svuid: number;
  cr_rgid: number;
  cr_svgid: number;
  /** cr_groups[0] is the effective group. */
  cr_groups: number[];
}

export const XU_NGROUPS = 16;

export function crget(): ucred {
  return { cr_uid: 0, cr_ruid: 0, cr_svuid: 0, cr_rgid: 0, cr_svgid: 0, cr_groups: [0] };
}

export function crcopy(cred: ucred): ucred {
  return {
    cr_uid: cred.cr_uid,
    cr_ruid: cred.cr_ruid,
    cr_svuid: cred.cr_svuid,
    cr_rgid: cred.cr_rgid,
    cr_svgid: cred.cr_svgid,
    cr_groups: [...cred.cr_groups],
  };
}

/** Whether `gid` is one of the credential's groups. */
export function groupmember(gid: number, cred: ucred): boolean {
  return cred.cr_groups.includes(gid);
}
