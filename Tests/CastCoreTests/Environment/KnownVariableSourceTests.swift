import CastCore
import Foundation
import Testing

/// Holds the table of variables against the program's own sources.
@Suite struct KnownVariableSourceTests {
    /// Names that are read by us and belong to others.
    private static let standard: Set<String> = ["HOME", "PATH", "PYTHONPATH", "TMPDIR", "USER"]

    private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../Sources").standardizedFileURL

    private static func text() throws -> String {
        let files = try #require(FileManager.default.enumerator(at: Self.sources, includingPropertiesForKeys: nil))
        var text = ""
        for case let file as URL in files where file.pathExtension == "swift" {
            text += try String(contentsOf: file, encoding: .utf8) + "\n"
        }
        return text
    }

    @Test func `every variable that the sources read by its name is in the table`() throws {
        let text = try Self.text()
        let byReader = /(?:variables|reader|Variables\(environment\))\.(?:text|int|bool)\(\s*"([A-Z][A-Z0-9_]*)"/
        // What is set for another process is not read.
        let bySubscript = /environment\["([A-Z][A-Z0-9_]*)"\](?!\s*=[^=])/
        let read = Set(
            text.matches(of: byReader).map { String($0.1) } + text.matches(of: bySubscript).map { String($0.1) })
        #expect(read.contains("NODE_PERSISTENT"))
        #expect(read.contains("CAST2MD_DATA"))
        #expect(read.subtracting(Self.standard).subtracting(KnownVariables.names) == [])
    }

    @Test func `every variable in the table is read, or belongs to the fleet that is to come`() throws {
        let text = try Self.text()
        for entry in KnownVariables.all where entry.readers != [.fleet] {
            // A setting is written in small letters in its own table.
            let isNamed =
                text.components(separatedBy: "\"\(entry.name)\"").count > 2
                || text.contains("\"\(entry.name.lowercased())\"")
            #expect(isNamed, "\(entry.name)")
        }
    }
}
