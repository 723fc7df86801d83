import CastCore
import Foundation

/// The existing server's storage folder as it lies here: `audio/<podcast>/…` and `transcripts/<podcast>/…`.
///
/// Paths in the old database are those of the machine or container that wrote them, so only their ends count. Whatever the
/// database says, nothing is read but what the folder holds; links in it are followed, since a person made them.
package struct OldStorage: Sendable {
    let root: String

    /// A file that was found.
    package struct File: Sendable, Equatable {
        /// Without links.
        package var path: String
        package var size: Int64

        package init(path: String, size: Int64) {
            self.path = path
            self.size = size
        }
    }

    /// - Throws: `.notFound` when there is no such folder, `.invalid` when it is another one.
    package init(path: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue,
            let resolved = realpath(path, nil)
        else { throw CastError(.notFound, "There is no folder \(path). Name the existing server's STORAGE_PATH.") }
        defer { free(resolved) }
        self.root = String(cString: resolved)
        let kinds = ["audio", "transcripts"]
        guard kinds.contains(where: { FileManager.default.fileExists(atPath: "\(self.root)/\($0)") }) else {
            throw CastError(
                .invalid,
                "\(path) holds neither a folder audio nor a folder transcripts, so it is not the existing server's "
                    + "storage. Its settings page shows the right one as Storage Path.")
        }
    }

    /// Whether a folder is this one, under whatever name.
    package func isSame(as path: String) -> Bool {
        guard let resolved = realpath(path, nil) else { return false }
        defer { free(resolved) }
        return String(cString: resolved) == self.root
    }

    /// How many files the database names, and whether one of them is here.
    struct Survey: Sendable {
        var named = 0
        var isFound = false
        var example = ""
    }

    func look(for paths: [String?], _ survey: inout Survey) {
        for case let path? in paths where !path.isEmpty && !survey.isFound {
            if case .success = self.find(path) { survey.isFound = true }
            survey.named += 1
            survey.example = path
        }
    }

    /// Makes sure that this is the folder that the database speaks of, before anything is taken without its files.
    ///
    /// - Throws: `.invalid` when many files are named and none of them is here.
    func check(_ survey: Survey) throws {
        guard survey.isFound || survey.named < 10 else {
            throw CastError(
                .invalid,
                "Of \(survey.named) files that the database names, none is below \(self.root); one is called "
                    + "\(survey.example). Name the folder whose folders audio and transcripts hold them with "
                    + "--old-storage.")
        }
    }

    /// Finds the file that a path of the old database names.
    package func find(_ stored: String) -> Result<File, NotTaken.Reason> {
        let parts = stored.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        guard !parts.isEmpty, !parts.contains(".."), !stored.utf8.contains(0) else { return .failure(.fileMissing) }
        // From the whole path to its last three parts, then the last two: the longest end that is there counts.
        let shortest = min(2, parts.count)
        for start in 0...(parts.count - shortest) {
            let path = self.root + "/" + parts[start...].joined(separator: "/")
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            return self.check(path)
        }
        return .failure(.fileMissing)
    }

    private func check(_ path: String) -> Result<File, NotTaken.Reason> {
        guard let resolved = realpath(path, nil) else { return .failure(.fileMissing) }
        defer { free(resolved) }
        let real = String(cString: resolved)
        var status = stat()
        guard stat(real, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return .failure(.noFile) }
        guard access(real, R_OK) == 0 else { return .failure(.fileUnreadable) }
        guard status.st_size > 0 else { return .failure(.fileEmpty) }
        return .success(File(path: real, size: Int64(status.st_size)))
    }
}
