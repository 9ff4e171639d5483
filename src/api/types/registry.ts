/** Docker's JSON of what is asked of registries. */

/** AuthConfig: the body of POST /auth, and in base64 the X-Registry-Auth header. */
export interface AuthConfig {
  username?: string;
  password?: string;
  /** base64 of username:password. */
  auth?: string;
  serveraddress?: string;
  identitytoken?: string;
  registrytoken?: string;
}

export interface AuthResponse {
  Status: string;
  IdentityToken: string;
}

export interface DistributionInspect {
  Descriptor: { mediaType: string; digest: string; size: number };
  Platforms: Platform[];
}

/** An OCI platform. */
export interface Platform {
  architecture: string;
  os: string;
  'os.version'?: string;
  variant?: string;
}

export interface SearchResult {
  star_count: number;
  is_official: boolean;
  name: string;
  is_automated: boolean;
  description: string;
}
