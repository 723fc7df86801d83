package import CastCore
import Foundation

/// What a node needs to speak to its server: `node.json` in the home folder, readable by its owner alone.
package struct NodeCredentials: Sendable, Codable, Equatable {
    package var server: String
    package var nodeID: NodeID
    package var apiKey: String
    package var name: String
    package var model: String

    package init(server: String, nodeID: NodeID, apiKey: String, name: String, model: String) {
        self.server = server
        self.nodeID = nodeID
        self.apiKey = apiKey
        self.name = name
        self.model = model
    }

    enum CodingKeys: String, CodingKey {
        case name, model
        case server = "server_url"
        case nodeID = "node_id"
        case apiKey = "api_key"
    }

    private static func path(in home: HomeFolder) -> String { home.path + "/node.json" }

    /// - Throws: `.notFound` that says how to register, `.invalid` for a file that is none of ours.
    package static func load(from home: HomeFolder) throws -> NodeCredentials {
        guard let data = FileManager.default.contents(atPath: Self.path(in: home)) else {
            throw CastError(
                .notFound, "This machine is not registered. Run: cast2md node register --server URL --name NAME")
        }
        do {
            return try JSONDecoder().decode(NodeCredentials.self, from: data)
        } catch {
            throw CastError(
                .invalid, "\(Self.path(in: home)) is damaged. Remove it and register again: cast2md node register",
                cause: error)
        }
    }

    /// Writes the file anew, with mode 0600 from its first byte on.
    package func save(in home: HomeFolder) throws {
        let path = Self.path(in: home)
        let temporary = "\(path).\(UUID().uuidString.prefix(8)).tmp"
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try FileManager.default.createDirectory(atPath: home.path, withIntermediateDirectories: true)
            let data = try encoder.encode(self)
            let isMade = FileManager.default.createFile(
                atPath: temporary, contents: data, attributes: [.posixPermissions: 0o600])
            guard isMade, rename(temporary, path) == 0 else {
                throw CastError(.unavailable, "\(path) cannot be written: \(String(cString: strerror(errno))).")
            }
        } catch let error as CastError {
            throw error
        } catch {
            throw CastError(.unavailable, "\(path) cannot be written.", cause: error)
        }
    }

    /// Forgets the registration; harmless when there is none.
    package static func remove(from home: HomeFolder) { unlink(Self.path(in: home)) }
}
