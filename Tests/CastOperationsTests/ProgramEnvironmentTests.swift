import CastCore
import CastOperations
import CastTestSupport
import Foundation
import Testing

@Suite struct ProgramEnvironmentTests {
    private static func write(_ text: String, _ folder: URL, _ name: String, mode: Int = 0o600) throws {
        let url = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: url.path)
    }

    @Test func `the process wins over the working folder, and that over the home`() async throws {
        try await withTemporaryFolder { folder in
            try Self.write("A=work\nB=work", folder, "work/.env")
            try Self.write("A=home\nB=home\nC=home", folder, "home/.cast2md/.env")
            let environment = try ProgramEnvironment(
                process: ["A": "process", "HOME": folder.path + "/home"], workingFolder: folder.path + "/work")
            #expect(environment.values["A"] == "process")
            #expect(environment.values["B"] == "work")
            #expect(environment.values["C"] == "home")
            #expect(environment.files == ["\(folder.path)/work/.env", "\(folder.path)/home/.cast2md/.env"])
        }
    }

    @Test func `the first file may say where the second is`() async throws {
        try await withTemporaryFolder { folder in
            try Self.write("CAST2MD_HOME=\(folder.path)/elsewhere", folder, "work/.env")
            try Self.write("A=1", folder, "elsewhere/.env")
            let environment = try ProgramEnvironment(process: [:], workingFolder: folder.path + "/work")
            #expect(environment.values["A"] == "1")
        }
    }

    @Test func `a file that is both is read once, and none at all is no error`() async throws {
        try await withTemporaryFolder { folder in
            try Self.write("A=1", folder, ".env")
            let both = try ProgramEnvironment(process: ["CAST2MD_HOME": folder.path], workingFolder: folder.path)
            #expect(both.files.count == 1)
            let none = try ProgramEnvironment(
                process: ["HOME": folder.path + "/nobody"], workingFolder: folder.path + "/nowhere")
            #expect(none.files == [])
        }
    }

    @Test func `a line that cannot be read ends it, with file and line`() async throws {
        try await withTemporaryFolder { folder in
            try Self.write("A=1\nB='", folder, ".env")
            let error = try #require(throws: CastError.self) {
                try ProgramEnvironment(process: ["HOME": "/nonexistent"], workingFolder: folder.path)
            }
            #expect(error.message.hasPrefix("\(folder.path)/.env, line 2: "))
            try Data([0x41, 0x3D, 0xFF, 0xFE]).write(to: folder.appendingPathComponent(".env"))
            #expect(throws: CastError.self) {
                try ProgramEnvironment(process: ["HOME": "/nonexistent"], workingFolder: folder.path)
            }
        }
    }

    @Test(arguments: [(0o600, "NODE_KEY=1", false), (0o644, "NODE_KEY=1", true), (0o644, "NODE_NAME=1", false)])
    func `a file with secrets that others may read is named`(mode: Int, text: String, isOpen: Bool) async throws {
        try await withTemporaryFolder { folder in
            try Self.write(text, folder, ".env", mode: mode)
            let environment = try ProgramEnvironment(process: ["HOME": "/nonexistent"], workingFolder: folder.path)
            #expect(environment.openFiles.isEmpty != isOpen)
        }
    }

    @Test func `what nothing reads is found in files too`() async throws {
        try await withTemporaryFolder { folder in
            try Self.write("NODE_PERSISTANT=1", folder, ".env")
            let environment = try ProgramEnvironment(process: ["HOME": "/nonexistent"], workingFolder: folder.path)
            #expect(environment.unknown.map(\.name) == ["NODE_PERSISTANT"])
        }
    }
}
