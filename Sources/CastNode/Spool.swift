import CastAPI
import CastCore
import Foundation

/// Finished work on disk that the server has not taken yet.
///
/// Nothing is sent that is not written first, and nothing is removed that the server has not taken: a restart of either
/// side costs no recognition. Work that the server refuses is put aside, not thrown away.
struct Spool: Sendable {
    /// A result and where it belongs.
    struct Entry: Sendable, Codable, Equatable {
        var job: JobID
        var attempt: String?
        var title: String
        var request: CompleteRequest
    }

    private let folder: URL
    private var refused: URL { self.folder.appendingPathComponent("refused", isDirectory: true) }
    /// Refused results that are kept.
    static let keptRefusals = 100

    /// - Parameter node: Results belong to the server that this node is registered with.
    init(home: HomeFolder, node: NodeID) throws {
        self.folder = URL(fileURLWithPath: home.path).appendingPathComponent("spool/\(StorageName.safe(node.rawValue))")
        try FileManager.default.createDirectory(at: self.refused, withIntermediateDirectories: true)
    }

    /// What waits, oldest first; a file that cannot be read is put aside.
    func entries() -> [(file: URL, entry: Entry)] {
        let files =
            (try? FileManager.default.contentsOfDirectory(at: self.folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "json" }.sorted { $0.lastPathComponent < $1.lastPathComponent }
            .compactMap { file in
                guard let data = try? Data(contentsOf: file),
                    let entry = try? JSONDecoder().decode(Entry.self, from: data)
                else {
                    self.putAside(file)
                    return nil
                }
                return (file, entry)
            }
    }

    /// Writes a result, whole or not at all, and on the disk when this returns.
    func add(_ entry: Entry, at now: Date) throws {
        let name = "\(Int(now.timeIntervalSince1970 * 1000))-\(entry.job).json"
        let temporary = self.folder.appendingPathComponent(".\(name).tmp")
        try JSONEncoder().encode(entry).write(to: temporary)
        let handle = try FileHandle(forUpdating: temporary)
        try handle.synchronize()
        try handle.close()
        guard rename(temporary.path, self.folder.appendingPathComponent(name).path) == 0 else {
            throw CastError(.storageFull, "The result cannot be kept on disk: \(String(cString: strerror(errno))).")
        }
    }

    /// The server has taken it.
    func remove(_ file: URL) { unlink(file.path) }

    /// The server does not want it, and never will.
    func putAside(_ file: URL) {
        rename(file.path, self.refused.appendingPathComponent(file.lastPathComponent).path)
        let kept =
            (try? FileManager.default.contentsOfDirectory(at: self.refused, includingPropertiesForKeys: nil)) ?? []
        for old in kept.sorted(by: { $0.lastPathComponent < $1.lastPathComponent }).dropLast(Self.keptRefusals) {
            unlink(old.path)
        }
    }
}
