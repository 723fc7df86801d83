import CastCore
import Foundation

/// The data folder and the storage: whether they are there and take files, and whether their disk tells the right time.
enum FolderCheck {
    /// Seconds that a file's time may be off; a file system across the network has a clock of its own.
    static let largestSkew: TimeInterval = 30

    static func findings(_ world: DoctorWorld, isServer: Bool, isNode: Bool) -> [Finding] {
        guard isServer else {
            let place = "There is no database in \(world.dataPath)"
            if isNode { return [.ok(.data, "\(place): this machine is a node, and no server.")] }
            return [
                .warning(
                    .data, "\(place).",
                    mend: "If a server is to run here, start it: cast2md serve --data \(world.dataPath). "
                        + "If its data is elsewhere, say --data or set CAST2MD_DATA.")
            ]
        }
        var findings = Self.look(.data, world.dataPath, world)
        findings += Self.look(.storage, world.storagePath, world)
        return findings
    }

    private static func look(_ subject: Finding.Subject, _ path: String, _ world: DoctorWorld) -> [Finding] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            return [
                .problem(
                    subject, "The folder \(path) is not there.",
                    mend: "Mount its disk, or name its place (--data, STORAGE_PATH), or restore a backup: "
                        + "cast2md restore FILE.")
            ]
        }
        let file = "\(path)/.cast2md-doctor-\(UUID().uuidString.lowercased())"
        let before = world.now()
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        let isWritten = descriptor >= 0 && write(descriptor, "x", 1) == 1 && fsync(descriptor) == 0
        let number = errno
        if descriptor >= 0 { close(descriptor) }
        defer { unlink(file) }
        guard isWritten else {
            return [
                .problem(
                    subject, "The folder \(path) cannot be written to: \(String(cString: strerror(number))).",
                    mend: number == ENOSPC || number == EDQUOT
                        ? "Free some space."
                        : "Run the doctor as the user that runs the server; if it says the same, give that user the "
                            + "folder: chown -R USER \(path)")
            ]
        }
        let facts = try? FileManager.default.attributesOfItem(atPath: file)
        let skew = ((facts?[.modificationDate] as? Date) ?? before).timeIntervalSince(before)
        let ok = Finding.ok(subject, "The folder \(path) is there and can be written to.")
        return [ok] + Self.skew(skew, path)
    }

    /// What a file's time says that was written this moment.
    static func skew(_ seconds: TimeInterval, _ path: String) -> [Finding] {
        guard abs(seconds) > Self.largestSkew else { return [] }
        return [
            .warning(
                .clock, "Files in \(path) get a time that is \(Int(abs(seconds))) seconds off.",
                mend: "Have both this machine and the one with the disk keep time: timedatectl set-ntp true")
        ]
    }
}
