import CastClient
import CastCore
import CastNode
import CastServer
import Foundation
import Transcription

/// Looks at everything that a server or a node on this machine needs, and changes nothing.
package struct Doctor: Sendable {
    private let world: DoctorWorld

    package init(_ world: DoctorWorld) { self.world = world }

    /// Looks at everything.
    ///
    /// - Returns: The findings in a fixed order, at least one a subject that there is something to say about.
    package func examine() async -> [Finding] {
        let world = self.world
        let node = NodeCheck.credentials(world.home)
        let isServer = FileManager.default.fileExists(atPath: world.dataPath + "/cast2md.db")
        var findings = VariableCheck.findings(world.environment)
        findings += FolderCheck.findings(world, isServer: isServer, isNode: node.credentials != nil)
        if isServer {
            findings += SpaceCheck.findings(of: [world.dataPath, world.storagePath])
            findings += await DatabaseCheck.findings(world)
        }
        findings += await ServerCheck.findings(world, isServer: isServer, isNode: node.credentials != nil)
        findings += await ProgramCheck.findings(world)
        findings += await SpeechCheck.findings(world, node: node.credentials)
        findings += node.findings
        return findings
    }
}

extension [Finding] {
    /// Whether something does not work.
    package var hasProblem: Bool { self.contains { $0.level == .problem } }
}
