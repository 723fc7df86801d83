package import CastAPI
package import CastClient
import CastCore
package import Foundation
package import Logging

/// A finished job, as it waits on disk for the server to take it.
package struct SpooledResult: Sendable, Codable, Equatable {
    package var handle: JobHandle
    package var title: String?
    package var request: CompleteRequest
    package var finishedAt: Date
    /// What the server said when it did not want it.
    package var refusal: String?

    package init(handle: JobHandle, title: String?, request: CompleteRequest, finishedAt: Date) {
        self.handle = handle
        self.title = title
        self.request = request
        self.finishedAt = finishedAt
    }

    /// A name that no server can turn into another folder.
    var fileName: String {
        let attempt = (self.handle.attempt ?? "0").filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        return "\(self.handle.job)-\(attempt.prefix(64)).json"
    }
}

/// Results on disk that the server has not taken yet.
///
/// They outlive the node; nothing leaves in silence.
package struct Spool: Sendable {
    private let folder: URL
    private let logger: Logger
    private static let keptRefusals = 100
    private static let refusalAge: TimeInterval = 30 * 86_400

    package init(folder: URL, logger: Logger) {
        self.folder = folder
        self.logger = logger
    }

    private var refusedFolder: URL { self.folder.appendingPathComponent("refused", isDirectory: true) }

    /// What an earlier run left, oldest first.
    ///
    /// Files that cannot be read are set aside.
    package func load() throws -> [SpooledResult] {
        try self.makeFolders()
        var results: [SpooledResult] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: self.folder.path).sorted() {
            let url = self.folder.appendingPathComponent(name)
            if name.hasSuffix(".tmp") {
                // A write that was cut off; its result was never counted as saved.
                try? FileManager.default.removeItem(at: url)
            } else if name.hasSuffix(".json") {
                do {
                    results.append(try JSONDecoder().decode(SpooledResult.self, from: Data(contentsOf: url)))
                } catch {
                    self.logger.error(
                        "result on disk is unreadable, set aside", metadata: ["file": "\(name)", "error": "\(error)"])
                    self.move(url, to: self.refusedFolder.appendingPathComponent("unreadable-\(name)"))
                }
            }
        }
        self.prune(now: Date())
        return results.sorted { $0.finishedAt < $1.finishedAt }
    }

    package func save(_ result: SpooledResult) throws {
        try self.makeFolders()
        try DurableFile.write(
            try JSONEncoder().encode(result), to: self.folder.appendingPathComponent(result.fileName), mode: 0o600)
    }

    /// The server has taken it.
    package func remove(_ result: SpooledResult) {
        try? FileManager.default.removeItem(at: self.folder.appendingPathComponent(result.fileName))
    }

    /// The server does not want it; it stays readable for a while.
    package func setAside(_ result: SpooledResult, refusal: String) throws {
        var result = result
        result.refusal = refusal
        try self.makeFolders()
        try DurableFile.write(
            try JSONEncoder().encode(result), to: self.refusedFolder.appendingPathComponent(result.fileName),
            mode: 0o600)
        self.remove(result)
        self.prune(now: Date())
    }

    private func makeFolders() throws {
        do {
            try FileManager.default.createDirectory(
                at: self.refusedFolder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CastError(.storageFull, "The folder \(self.refusedFolder.path) cannot be made.", cause: error)
        }
    }

    private func move(_ source: URL, to destination: URL) {
        try? FileManager.default.removeItem(at: destination)
        try? FileManager.default.moveItem(at: source, to: destination)
    }

    /// Keeps refusals of the last thirty days, a hundred at most.
    func prune(now: Date) {
        let key = URLResourceKey.contentModificationDateKey
        let files = try? FileManager.default.contentsOfDirectory(
            at: self.refusedFolder, includingPropertiesForKeys: [key])
        let dated = (files ?? []).map { file in
            (file, (try? file.resourceValues(forKeys: [key]).contentModificationDate) ?? now)
        }.sorted { $0.1 > $1.1 }
        for (index, (file, date)) in dated.enumerated()
        where index >= Self.keptRefusals || now.timeIntervalSince(date) > Self.refusalAge {
            try? FileManager.default.removeItem(at: file)
        }
    }
}
