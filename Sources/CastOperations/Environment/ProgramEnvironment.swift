package import CastCore
import Foundation

/// The variables of the process, and those of `.env` files behind them.
///
/// The process's own win; then those of `.env` in the working folder; then those of `.env` in the home folder
/// (`~/.cast2md/.env`, or below `CAST2MD_HOME`, which may stand in the first file).
package struct ProgramEnvironment: Sendable, Equatable {
    /// Everything together.
    package let values: [String: String]
    /// The files that were there, the one that wins first.
    package let files: [String]
    /// Files that hold secrets and that others on this machine may read.
    package let openFiles: [String]

    /// - Parameters:
    ///   - process: The process's own variables.
    ///   - workingFolder: Where the first file is looked for.
    /// - Throws: `.invalid` that names the file and the line that cannot be read; `.unavailable` for a file that is there
    ///   and may not be read.
    package init(process: [String: String], workingFolder: String) throws {
        let first = try Self.read(workingFolder + "/.env")
        let nearer = process.merging(first?.values ?? [:]) { own, _ in own }
        let homePath = HomeFolder(environment: nearer).path + "/.env"
        let second =
            homePath.standardPath == (workingFolder + "/.env").standardPath ? nil : try Self.read(homePath)
        self.values = nearer.merging(second?.values ?? [:]) { own, _ in own }
        let read = [first, second].compactMap(\.self)
        self.files = read.map(\.path)
        self.openFiles = read.filter { $0.isOpen && $0.values.keys.contains(where: SecretText.isSecretName) }.map(
            \.path)
    }

    /// The process's own, and no file.
    package init(process: [String: String]) {
        self.values = process
        self.files = []
        self.openFiles = []
    }

    /// What is set and read by nothing.
    package var unknown: [UnknownVariable] { UnknownVariable.find(in: self.values.keys) }

    private struct File {
        var path: String
        var values: [String: String]
        var isOpen: Bool
    }

    /// Far more than anybody writes by hand.
    private static let largestFile = 1 << 20

    /// - Returns: Nil when there is no such file.
    private static func read(_ path: String) throws -> File? {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
            return nil
        }
        let handle = FileHandle(forReadingAtPath: path)
        defer { try? handle?.close() }
        guard let handle, let bytes = try? handle.read(upToCount: Self.largestFile + 1) else {
            throw CastError(.unavailable, "\(path) is there, but this user may not read it.")
        }
        guard bytes.count <= Self.largestFile else {
            throw CastError(.invalid, "\(path) is larger than a megabyte; it is no file of variables.")
        }
        guard let text = String(bytes: bytes, encoding: .utf8) else {
            throw CastError(.invalid, "\(path) is not text in UTF-8.")
        }
        let facts = try? FileManager.default.attributesOfItem(atPath: path)
        let mode = (facts?[.posixPermissions] as? NSNumber)?.intValue ?? 0
        return File(path: path, values: try DotEnv.parse(text, name: path), isOpen: mode & 0o044 != 0)
    }
}

extension String {
    fileprivate var standardPath: String { URL(fileURLWithPath: self).standardizedFileURL.path }
}
