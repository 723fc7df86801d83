package import CastCore
package import Foundation

/// Who this machine's node is, and for which server; `node.json` in the home folder.
///
/// The key is in the file and in the requests, and nowhere else: not in logs, not in descriptions.
package struct NodeCredentials: Sendable, Codable, Equatable {
    package var server: URL
    package var nodeID: NodeID
    package var key: String
    package var name: String
    /// Nil lets the environment, or the default, decide.
    package var model: String?

    package init(server: URL, nodeID: NodeID, key: String, name: String, model: String?) {
        self.server = server
        self.nodeID = nodeID
        self.key = key
        self.name = name
        self.model = model
    }

    enum CodingKeys: String, CodingKey {
        case name, model
        case server = "server_url"
        case nodeID = "node_id"
        case key = "api_key"
    }

    /// The credentials in a home folder, or nil when this machine has no node.
    package static func load(from home: HomeFolder) throws -> NodeCredentials? {
        let url = home.nodeFile
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        do {
            return try JSONDecoder().decode(Self.self, from: Data(contentsOf: url))
        } catch {
            throw CastError(
                .invalid, "\(url.path) is damaged or may not be read. Register again: cast2md node register",
                cause: error)
        }
    }

    package func save(to home: HomeFolder) throws {
        try home.make(home.url)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try DurableFile.write(try encoder.encode(self), to: home.nodeFile, mode: 0o600)
    }

    package static func remove(from home: HomeFolder) throws {
        guard FileManager.default.fileExists(atPath: home.nodeFile.path) else { return }
        try FileManager.default.removeItem(at: home.nodeFile)
    }
}

extension NodeCredentials: CustomStringConvertible, CustomReflectable {
    package var description: String { "node \(self.name) (\(self.nodeID)) of \(self.server.absoluteString)" }

    package var customMirror: Mirror { Mirror(self, children: ["description": self.description]) }
}

extension HomeFolder {
    package var url: URL { URL(fileURLWithPath: self.path, isDirectory: true) }

    package var nodeFile: URL { self.url.appendingPathComponent("node.json") }

    /// Where finished work waits for a server; one folder a server.
    package func spoolFolder(for server: URL) -> URL { self.folder("spool", for: server) }

    /// Where it is kept how far unfinished work is; one folder a server.
    package func checkpointFolder(for server: URL) -> URL { self.folder("checkpoints", for: server) }

    private func folder(_ kind: String, for server: URL) -> URL {
        let text = server.absoluteString.lowercased()
        let readable = String(text.drop { $0 != "/" }.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
        let name = readable.drop { $0 == "-" }.prefix(80)
        // Two addresses that read alike are still two servers (FNV-1a, which is the same in every run).
        let digest = text.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return self.url.appendingPathComponent(kind, isDirectory: true)
            .appendingPathComponent("\(name)-\(String(digest, radix: 16))", isDirectory: true)
    }

    /// Where audio lies while it is worked on; emptied at every start.
    package var audioFolder: URL { self.url.appendingPathComponent("audio", isDirectory: true) }

    /// Makes a folder that only its owner can look into.
    func make(_ folder: URL) throws {
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CastError(.storageFull, "The folder \(folder.path) cannot be made.", cause: error)
        }
    }
}
