import Foundation

/// Free space on the disks of data and storage.
enum SpaceCheck {
    /// What is left on a disk, for users who are not root.
    struct Space: Sendable, Equatable {
        var free: Int64
        var total: Int64
        var freeFiles: Int64
        var totalFiles: Int64
    }

    /// Below it, downloads and transcripts of an hour may fail.
    static let problemBytes: Int64 = 500_000_000
    /// A day's downloads of some feeds.
    static let warningBytes: Int64 = 5_000_000_000

    /// A finding a disk; folders on one disk share theirs.
    static func findings(of folders: [String]) -> [Finding] {
        var seen: Set<UInt> = []
        return folders.compactMap { path in
            guard let (space, disk) = Self.space(at: path), seen.insert(disk).inserted else { return nil }
            return Self.finding(space, at: path)
        }
    }

    static func finding(_ space: Space, at path: String) -> Finding {
        let free = FileSize.text(space.free)
        let mend =
            "Free some space, have audio removed sooner (cast2md settings set audio_retention_days=30), or move the "
            + "storage to a larger disk (STORAGE_PATH)."
        if space.free < Self.problemBytes {
            return .problem(.space, "Only \(free) are free on the disk of \(path).", mend: mend)
        }
        if space.totalFiles > 0, space.freeFiles < 1000 {
            return .problem(
                .space, "The disk of \(path) takes only \(space.freeFiles) more files, however small.", mend: mend)
        }
        // A small disk may be meant to be small.
        if space.free < Self.warningBytes, Double(space.free) < Double(space.total) * 0.1 {
            return .warning(.space, "\(free) are free on the disk of \(path).", mend: mend)
        }
        return .ok(.space, "\(free) are free on the disk of \(path).")
    }

    private static func space(at path: String) -> (Space, disk: UInt)? {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else { return nil }
        let block = Int64(facts.f_frsize)
        let space = Space(
            free: Int64(facts.f_bavail) * block, total: Int64(facts.f_blocks) * block,
            freeFiles: Int64(facts.f_favail), totalFiles: Int64(facts.f_files))
        return (space, UInt(facts.f_fsid))
    }
}
