module.exports = require('nestjs-redis-replication');
