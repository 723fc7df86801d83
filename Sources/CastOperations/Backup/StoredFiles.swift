import CastCore
import Foundation

/// The files of a storage folder that are whole: `<feed>/audio/<name>` and `<feed>/transcripts/<name>`.
struct StoredFiles: Sendable {
    struct File: Sendable, Equatable {
        /// Below the storage folder.
        var path: String
        var size: Int64
        var modifiedAt: Date
    }

    var files: [File]

    /// - Throws: `.unavailable` when the folder cannot be read.
    init(in root: String) throws {
        let manager = FileManager.default
        var files: [File] = []
        do {
            for feed in try manager.contentsOfDirectory(atPath: root).sorted() {
                for kind in ["audio", "transcripts"] {
                    let folder = "\(root)/\(feed)/\(kind)"
                    var isFolder: ObjCBool = false
                    guard manager.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
                        continue
                    }
                    for name in try manager.contentsOfDirectory(atPath: folder).sorted() where Self.isWhole(name) {
                        // Removed this moment: then it is no file any more.
                        guard let facts = try? manager.attributesOfItem(atPath: "\(folder)/\(name)"),
                            facts[.type] as? FileAttributeType == .typeRegular
                        else { continue }
                        files.append(
                            File(
                                path: "\(feed)/\(kind)/\(name)", size: (facts[.size] as? NSNumber)?.int64Value ?? 0,
                                modifiedAt: facts[.modificationDate] as? Date ?? .distantPast))
                    }
                }
            }
        } catch {
            throw CastError(.unavailable, "The storage folder \(root) cannot be read.", cause: error)
        }
        self.files = files
    }

    var bytes: Int64 { self.files.reduce(0) { $0 + $1.size } }

    /// Whether a name is that of a finished file: not one that is being written or fetched.
    private static func isWhole(_ name: String) -> Bool {
        !name.hasPrefix(".") && !name.hasSuffix(".fetched") && !name.hasSuffix(".fetched.part")
            && !name.hasSuffix(".part.json")
    }
}
