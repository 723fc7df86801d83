import CastCore
import CastNode
import Foundation

/// This machine as a node: its credentials, and what waits to be handed in.
enum NodeCheck {
    static func credentials(_ home: HomeFolder) -> (credentials: NodeCredentials?, findings: [Finding]) {
        do {
            guard let credentials = try NodeCredentials.load(from: home) else { return (nil, []) }
            return (credentials, Self.findings(credentials, home))
        } catch {
            return (nil, [.failed(.node, error, mend: "cast2md node register --server http://HOST:8000")])
        }
    }

    private static func findings(_ credentials: NodeCredentials, _ home: HomeFolder) -> [Finding] {
        let path = home.nodeFile.path
        var findings = [
            Finding.ok(.node, "This machine is the node '\(credentials.name)' of \(credentials.server.absoluteString).")
        ]
        let facts = try? FileManager.default.attributesOfItem(atPath: path)
        if let mode = (facts?[.posixPermissions] as? NSNumber)?.intValue, mode & 0o077 != 0 {
            findings.append(
                .warning(.node, "\(path) holds the node's key, and others may read it.", mend: "chmod 600 \(path)"))
        }
        let spool = home.spoolFolder(for: credentials.server).path
        let waiting = ((try? FileManager.default.contentsOfDirectory(atPath: spool)) ?? []).count
        if waiting > 0 {
            findings.append(
                .warning(
                    .node, "\(waiting) finished transcripts wait on this machine for the server.",
                    mend: "They are handed in when the node runs: cast2md node start"))
        }
        return findings
    }
}
