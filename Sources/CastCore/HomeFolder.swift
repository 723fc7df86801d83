/// Where a person's cast2md keeps what is not the server's: engines, models, a node's credentials and spool.
package struct HomeFolder: Sendable, Equatable {
    package let path: String

    package init(path: String) { self.path = path }

    /// `CAST2MD_HOME`, else `.cast2md` in the person's home.
    package init(environment: [String: String]) {
        if let path = environment["CAST2MD_HOME"], !path.isEmpty {
            self.path = path
        } else {
            self.path = (environment["HOME"] ?? ".") + "/.cast2md"
        }
    }

    package var enginesPath: String { self.path + "/engines" }
    package var modelsPath: String { self.path + "/models" }
}
