import CastCore
import CastServer
import Foundation

/// A folder for what is half done, beside the place where it will be whole; nothing in it looks finished.
///
/// Whoever is at it holds its lock. What a killed run left behind is removed by the next one.
final class ScratchFolder: Sendable {
    let path: String
    private let lock: DataLock

    /// - Parameters:
    ///   - place: What it is for: a file or a folder, whose parent must be there.
    ///   - purpose: One word of its name.
    /// - Throws: `.unavailable` when it cannot be made.
    init(beside place: String, purpose: String) throws {
        let url = URL(fileURLWithPath: place).standardizedFileURL
        let parent = url.deletingLastPathComponent().path
        let beginning = ".\(url.lastPathComponent).\(purpose)-"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        for name in names where name.hasPrefix(beginning) && (try? DataLock(folder: "\(parent)/\(name)")) != nil {
            Self.remove("\(parent)/\(name)")
        }
        self.path = "\(parent)/\(beginning)\(UUID().uuidString.lowercased())"
        do {
            try FileManager.default.createDirectory(
                atPath: self.path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CastError(.unavailable, "Nothing can be written to the folder \(parent).", cause: error)
        }
        self.lock = try DataLock(folder: self.path)
    }

    /// Removes it with all that is in it; what was renamed away stays where it is.
    func remove() { Self.remove(self.path) }

    /// A killed run's `tar` may live on for a while and put new files in; without the folder it gives up.
    private static func remove(_ folder: String) {
        for _ in 0..<200 {
            try? FileManager.default.removeItem(atPath: folder)
            if !FileManager.default.fileExists(atPath: folder) { return }
            usleep(10_000)
        }
    }
}
